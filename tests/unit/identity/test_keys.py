"""Who is who: ids, digests, origins."""

from __future__ import annotations

import pytest

from flask_realtime.identity import keys as identity


def test_ids_are_valid_and_never_the_same():
    """Every page and every session gets an id of its own."""
    ids = {identity.new_connection_id() for _ in range(1000)}
    keys = {identity.new_socket_key() for _ in range(1000)}

    assert len(ids) == len(keys) == 1000
    assert all(map(identity.is_connection_id, ids))


@pytest.mark.parametrize("text", ["a" * 16, "A-_9" * 32])
def test_connection_id_accepts_16_to_128_characters(text):
    """An id may be as long as 128 characters of A-Za-z0-9_-."""
    assert identity.is_connection_id(text)


@pytest.mark.parametrize(
    "text",
    ["", "a" * 15, "a" * 129, "a" * 16 + "\n", "a" * 16 + " ", "ä" * 16, "a" * 15 + "٣", None, 7],
)
def test_connection_id_refuses_anything_else(text):
    """What a page could not hold safely is no id."""
    assert not identity.is_connection_id(text)


def test_digest_is_the_same_for_the_same_client():
    """Every process with the secret key gives a client the same name."""
    first = identity.digest("secret", "key", "a" * 16)

    assert first == identity.digest(b"secret", "key", "a" * 16)
    assert len(first) == 64 and int(first, 16)


def test_digest_differs_for_another_secret_session_page_or_identity():
    """A wrong id, a foreign session or another user of the same session gives another digest."""
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
    """A session's JSON may hold half of a surrogate pair, and nobody's page fails for that."""
    digests = {identity.digest("secret", "key", "a" * 16, name) for name in ("\ud800", "\ud801")}

    assert len(digests) == 2


def test_digest_cannot_be_moved_between_key_and_id():
    """No other split of the same characters gives the same digest."""
    one = identity.digest("secret", "b" * 16 + "key", "a" * 16)
    other = identity.digest("secret", "key", "a" * 16 + "b" * 16)

    assert one != other


def test_digest_gives_neither_secret_nor_key_away():
    """The HMAC is not keyed with the secret itself, which signs sessions as well."""
    import hmac

    naive = hmac.new(b"secret", b"key" + b"a" * 16, "sha256").hexdigest()

    assert identity.digest("secret", "key", "a" * 16) != naive


def test_inherited_socket_key_is_known_to_the_app_alone():
    """Each message leaves another, and the same when it is fetched twice."""
    key = identity.inherited_socket_key("secret", "digest:1")

    assert key == identity.inherited_socket_key("secret", "digest:1")
    assert key != identity.inherited_socket_key("secret", "digest:2")
    assert key != identity.inherited_socket_key("another secret", "digest:1")


def test_id_of_a_page_tells_when_it_was_asked_for():
    """To who knows the secret key and the session, also while secret keys are exchanged."""
    moment = 1_709_210_096_123
    page = identity.dated_connection_id("secret", "key", moment)

    assert identity.is_connection_id(page)
    assert page != identity.dated_connection_id("secret", "key", moment)
    assert identity.date_of(page, ["new secret", "secret"], "key") == moment
    assert identity.date_of(page, ["new secret"], "key") is None
    assert identity.date_of(page, ["secret"], "another key") is None


@pytest.mark.parametrize("page", ["an-id-of-a-page", "x" * 33, "x" * 128, "y" * 22])
def test_id_that_somebody_has_made_up_tells_nothing(page):
    """Nobody makes a page younger than it is."""
    assert identity.date_of(page, ["secret"], "key") is None


def test_id_whose_date_was_changed_tells_nothing():
    """Not a single bit of it."""
    page = identity.dated_connection_id("secret", "key", 1_709_210_096_123)

    for at, letter in enumerate(page[:-1]):
        changed = page[:at] + ("B" if letter == "A" else "A") + page[at + 1 :]
        assert identity.date_of(changed, ["secret"], "key") is None
