"""Ids, keys and digests."""

from __future__ import annotations

import pytest

from flask_realtime.identity import keys as identity


def test_ids_are_valid_and_never_the_same():
    """Every page and session gets an id of its own."""
    ids = {identity.new_connection_id() for _ in range(1000)}
    keys = {identity.new_socket_key() for _ in range(1000)}

    assert len(ids) == len(keys) == 1000
    assert all(map(identity.is_connection_id, ids))


@pytest.mark.parametrize("text", ["a" * 16, "A-_9" * 32])
def test_connection_id_accepts_16_to_128_characters(text):
    """An id has 16 to 128 characters of A-Za-z0-9_-."""
    assert identity.is_connection_id(text)


@pytest.mark.parametrize(
    "text",
    ["", "a" * 15, "a" * 129, "a" * 16 + "\n", "a" * 16 + " ", "ä" * 16, "a" * 15 + "٣", None, 7],
)
def test_connection_id_refuses_anything_else(text):
    """Any other text is not an id."""
    assert not identity.is_connection_id(text)


def test_digest_is_the_same_for_the_same_client():
    """All processes with the same secret key compute the same digest."""
    first = identity.digest("secret", "key", "a" * 16)

    assert first == identity.digest(b"secret", "key", "a" * 16)
    assert len(first) == 64 and int(first, 16)


def test_digest_differs_for_another_secret_session_page_or_identity():
    """Another page's id, session or user gives another digest."""
    digests = {
        identity.digest("secret", "key", "a" * 16),
        identity.digest("other", "key", "a" * 16),
        identity.digest("secret", "other", "a" * 16),
        identity.digest("secret", "key", "b" * 16),
        identity.digest("secret", "key", "a" * 16, "42"),
        identity.digest("secret", "key", "a" * 16, ""),
        identity.session_digest("secret", "key"),
        identity.session_digest("secret", "other"),
    }

    assert len(digests) == 8


def test_user_may_have_any_name():
    """A user's id with half of a surrogate pair, which a session's JSON can hold, causes no
    error."""
    digests = {identity.digest("secret", "key", "a" * 16, name) for name in ("\ud800", "\ud801")}

    assert len(digests) == 2


def test_digest_cannot_be_moved_between_key_and_id():
    """Moving characters from the session key to the page's id gives another digest."""
    one = identity.digest("secret", "b" * 16 + "key", "a" * 16)
    other = identity.digest("secret", "key", "a" * 16 + "b" * 16)

    assert one != other


def test_digest_gives_neither_secret_nor_key_away():
    """The digest's key is derived from the secret key, which also signs sessions."""
    import hmac

    naive = hmac.new(b"secret", b"key" + b"a" * 16, "sha256").hexdigest()

    assert identity.digest("secret", "key", "a" * 16) != naive


def test_inherited_socket_key_is_known_to_the_app_alone():
    """Each message gives the session another key, and the same one when it is fetched twice."""
    key = identity.inherited_socket_key("secret", "digest:1")

    assert key == identity.inherited_socket_key("secret", "digest:1")
    assert key != identity.inherited_socket_key("secret", "digest:2")
    assert key != identity.inherited_socket_key("another secret", "digest:1")


def test_id_of_a_page_tells_when_it_was_asked_for():
    """Who knows the secret key and the session can read the time in a page's id, also under a
    fallback key."""
    moment = 1_709_210_096_123
    page = identity.dated_connection_id("secret", "key", moment)

    assert identity.is_connection_id(page)
    assert page != identity.dated_connection_id("secret", "key", moment)
    assert identity.date_of(page, ["new secret", "secret"], "key") == moment
    assert identity.date_of(page, ["new secret"], "key") is None
    assert identity.date_of(page, ["secret"], "another key") is None


@pytest.mark.parametrize("page", ["an-id-of-a-page", "x" * 33, "x" * 128, "y" * 22])
def test_id_that_somebody_has_made_up_tells_nothing(page):
    """An invented id has no time, so nobody can make a page look younger."""
    assert identity.date_of(page, ["secret"], "key") is None


def test_id_whose_date_was_changed_tells_nothing():
    """An id with a single changed bit has no time."""
    page = identity.dated_connection_id("secret", "key", 1_709_210_096_123)

    for at, letter in enumerate(page[:-1]):
        changed = page[:at] + ("B" if letter == "A" else "A") + page[at + 1 :]
        assert identity.date_of(changed, ["secret"], "key") is None


MAKERS = {
    "undated": identity.new_connection_id,
    "dated": lambda: identity.dated_connection_id("secret", "key", 1),
}


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_id_of_a_users_page_tells_for_whom_it_was_rendered(make):
    """Who knows the secret key, or has it as a fallback key, can tell the user's page from that of
    another user, and still reads its date."""
    page = make()
    owned = identity.owned_connection_id("secret", page, "ada")

    assert identity.is_connection_id(owned)
    assert not identity.is_anothers(owned, ["new secret", "secret"], "ada")
    assert identity.is_anothers(owned, ["new secret", "secret"], "bob")
    assert identity.is_anothers(owned, ["new secret"], "ada")
    assert identity.date_of(owned, ["secret"], "key") == identity.date_of(page, ["secret"], "key")


@pytest.mark.parametrize("make", [*MAKERS.values(), lambda: "x" * 16, lambda: "x" * 128])
def test_id_of_a_strangers_page_may_be_anybodys(make):
    """An id that was made for no user, or was made up, tells of no user."""
    assert not identity.is_anothers(make(), ["secret"], "ada")
