"""Changes of a session that wait for the browser, as texts in the registry."""

from dataclasses import replace

import flask
import pytest

from flask_realtime.identity.keys import SOCKET_KEY
from flask_realtime.session import pending_changes
from flask_realtime.session.pending_changes import SessionChanges, difference, follow, pointer_to

CHANGES = SessionChanges(
    changes=difference({"a": 1, "gone": None}, {"a": 2, "new": ["x"]}),
    cookies=("theme=dark; Path=/",),
    identities=(None, "ann"),
    heir="digest:1",
)


def test_changes_come_back_as_they_were(app):
    """Every value that a session can hold, and every cookie, is read back unchanged."""
    text = CHANGES.to_text(app, "digest")

    assert SessionChanges.from_text(app, "digest", text) == CHANGES
    cleared = replace(CHANGES, clears=True)
    assert SessionChanges.from_text(app, "digest", cleared.to_text(app, "digest")) == cleared
    assert CHANGES and not SessionChanges()


@pytest.mark.parametrize(
    ("digest", "text"), [("other", None), ("digest", "garbage"), ("digest", "")]
)
def test_changes_of_another_or_of_nobody_are_refused(app, digest, text):
    """A text for another client, or an unsigned one, is refused: a stranger who can write to Redis
    cannot give anybody another session."""
    text = CHANGES.to_text(app, "digest") if text is None else text

    with pytest.raises(ValueError):
        SessionChanges.from_text(app, digest, text)


def test_changes_are_read_with_a_key_that_was_in_use_before(app):
    """Changes that were signed with a secret key among the fallbacks are read."""
    text = CHANGES.to_text(app, "digest")
    app.config["SECRET_KEY_FALLBACKS"] = [app.secret_key]
    app.secret_key = "another"

    assert SessionChanges.from_text(app, "digest", text) == CHANGES
    app.config["SECRET_KEY_FALLBACKS"] = []
    with pytest.raises(ValueError):
        SessionChanges.from_text(app, "digest", text)


@pytest.mark.parametrize(
    ("session", "identity", "fits"),
    [
        ({"a": 1, "gone": None}, None, True),
        ({"a": 1, "gone": None, "other": 3}, "ann", True),
        ({"a": 1, "gone": None}, "bob", False),
        ({"a": 3, "gone": None}, None, False),
        ({"a": 1, "gone": 2}, None, False),
        ({"a": 1, "gone": None, "new": ["y"]}, None, False),
        # HTTP has made the same change, as an app does that notes the day in each request.
        ({"a": 2, "gone": None}, None, True),
        ({"a": 2, "new": ["x"]}, None, True),
        ({"a": 2, "gone": 3}, None, False),
        # Such a value is Flask-Login's mark of a stranger: {"_fresh": False}.
        ({"a": 1, "gone": None, "new": False}, None, True),
    ],
)
def test_changes_are_made_to_the_session_that_they_were_made_in(session, identity, fits):
    """Changes do not apply to a session that HTTP has changed in the same keys to something else,
    or that another user has logged in to."""
    assert replace(CHANGES, heir="").fits(session, identity) is fits


A, B, C = ("message", "A"), ("message", "B"), ("error", "C")


@pytest.mark.parametrize(
    ("old", "new", "present", "shown"),
    [
        ({}, {"_flashes": [A]}, {"_flashes": [B]}, [B, A]),
        ({"_flashes": [A]}, {"_flashes": [A, B]}, {"_flashes": [A, C]}, [A, C, B]),
        ({"_flashes": [A]}, {"_flashes": [A, B]}, {}, [B]),
        ({"_flashes": [A]}, {}, {"_flashes": [A, B]}, [B]),
        ({"_flashes": [A]}, {"_flashes": [B]}, {"_flashes": [A, C]}, [C, B]),
        ({"_flashes": [A]}, {}, {}, None),
        ({}, {"_flashes": [A]}, {"_flashes": [A]}, [A]),
    ],
)
def test_messages_of_flash_keep_no_change_away(old, new, present, shown):
    """A message of a socket logs out and tells so by flash(), or shows what was flashed; HTTP does
    the same meanwhile. The log-out is made, and every message is shown that was not yet."""
    changes = SessionChanges(difference({"user": 1, **old}, new))
    session = {"user": 1, **present}

    assert changes.fits(session, None)

    changes.apply(session)
    assert session == ({} if shown is None else {"_flashes": shown})


def test_session_that_was_cleared_keeps_no_message_of_flash():
    """What HTTP has flashed meanwhile was for the user who has gone."""
    changes = SessionChanges(
        difference({"user": 1, "_flashes": [A]}, {}, True), heir="digest:1", clears=True
    )
    session = {"user": 1, "_flashes": [A, B]}

    changes.apply(session)

    assert session == {}


@pytest.mark.parametrize(("identity", "fits"), [(None, True), ("ann", True), ("bob", False)])
def test_end_of_a_session_is_made_whatever_http_has_changed(identity, fits):
    """A message that has ended the session, as a log-out does, has the last word."""
    session = {"a": 3, "gone": 4, "new": 5, "other": 6}

    assert CHANGES.fits(session, identity) is fits

    CHANGES.apply(session)
    assert session == {"a": 2, "new": ["x"], "other": 6}


@pytest.mark.parametrize("heir", ["", "digest:1"])
def test_what_the_app_writes_in_each_request_keeps_no_change_away(heir):
    """The app writes a key in the message, and in the request that takes the change: that stays. Of
    what it has not written by then, the change is made."""
    changes, session = replace(CHANGES, heir=heir), {"a": 3, "gone": None}

    assert changes.fits(session, None, ["a", "gone"])

    changes.apply(session, ["a", "gone"])
    assert session == {"a": 3, "new": ["x"]}


def test_changes_are_made_all_at_once():
    """Keys are set, replaced and removed together."""
    session = {"a": 1, "gone": None, "other": 3}

    CHANGES.apply(session)

    assert session == {"a": 2, "new": ["x"], "other": 3}


def test_session_that_was_cleared_keeps_what_the_app_writes_in_each_request_alone():
    """The browser's session has got a key by HTTP, and one by the request that takes the change."""
    changes = replace(CHANGES, clears=True)
    session = {SOCKET_KEY: "secret", "a": 1, "gone": None, "cart": 3, "seen": 4}

    changes.apply(session, ["seen"])

    assert session == {SOCKET_KEY: "secret", "a": 2, "new": ["x"], "seen": 4}


def test_session_begun_anew_over_a_socket_undoes_no_log_out_by_http(browser):
    """An app that does not tell users logs one out by HTTP. A socket that is still open begins the
    session anew for that user, as at a new password."""

    def begin_anew(_message):
        flask.session.clear()
        flask.session["user"] = 1

    with browser.client.session_transaction() as stored:
        stored["user"] = 1
    socket = browser.open_socket({"begin": begin_anew})
    browser.client.post("/set", json={"user": None})

    socket.say("begin")
    browser.take_over()

    assert browser.session() == {"user": None}


def test_changes_of_a_process_of_an_earlier_version_are_read(app):
    """It does not say whether a message has cleared the session."""
    text = CHANGES.to_text(app, "digest")
    data = pending_changes._read(app, pending_changes._SALT, text)
    del data["clears"]
    earlier = pending_changes._signer(app, pending_changes._SALT).dumps(data)

    assert SessionChanges.from_text(app, "digest", earlier) == CHANGES


def test_secret_of_the_session_is_no_change():
    """The socket key of a session is never part of the changes."""
    assert difference({}, {SOCKET_KEY: "secret", "a": None}) == {"a": ([], [None])}


def test_pointer_leads_to_a_client_and_is_no_other_text(app):
    """A text with changes is not accepted as a pointer, nor a pointer as changes."""
    pointer = pointer_to(app, "digest")

    assert follow(app, pointer) == "digest"
    with pytest.raises(ValueError):
        follow(app, CHANGES.to_text(app, "digest"))
    with pytest.raises(ValueError):
        SessionChanges.from_text(app, "digest", pointer)
