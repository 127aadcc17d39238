"""realtime.socket: the client of the current request."""

from __future__ import annotations

import flask
import pytest
from flask import session
from flask.ctx import AppContext

from flask_realtime.errors import InvalidChannel, InvalidSetting
from flask_realtime.identity.keys import digest, session_digest
from flask_realtime.registries.records import Disconnect
from flask_realtime.session.end_of_request import EndOfRequest
from flask_realtime.session.page_subscriptions import Grants
from flask_realtime.sockets import Socket

ID = "an-id-of-this-page"
OTHER_ID = "an-id-of-another-page"
KEY = "the-socket-key-of-this-session"


@pytest.fixture
def registry(process):
    return process.registry


class Pushed(list):
    """A publisher that records what a socket pushes."""

    def push(self, message, names, push_id=None):
        self.append((message, names, push_id))

    def push_to(self, digest, message, channel):
        self.append((digest, message, channel))


@pytest.fixture
def pushed():
    return Pushed()


@pytest.fixture
def end_of_request(process):
    return EndOfRequest(lambda: process, Grants(lambda: process))


@pytest.fixture
def make_socket(process, pushed, end_of_request):
    return lambda is_enabled=True: Socket(
        Grants(lambda: process), end_of_request, pushed, is_enabled
    )


@pytest.fixture
def socket(make_socket):
    return make_socket()


@pytest.fixture
def app(end_of_request):
    app = flask.Flask(__name__)
    app.secret_key = "secret"
    end_of_request.init_app(app)
    return app


def cookie_of(app, key):
    """Return the headers of a browser whose session has this socket key."""
    if key is None:
        return {}
    signed = app.session_interface.get_signing_serializer(app).dumps({"socket_key": key})
    return {"Cookie": f"session={signed}"}


@pytest.fixture
def in_request(app):
    """Run a function in a request of the open page with that id or, if the id is None, of a page
    that is rendered, all in one browser session; *status* is the response's."""

    def run(function, connection_id=ID, key=KEY, status=200):
        headers = cookie_of(app, key)
        if connection_id is not None:
            headers["X-Realtime-Connection-Id"] = connection_id
        with app.test_request_context(headers=headers) as context:
            result = function()
            # In Flask 3.2 methods of an app take the context first.
            contexts = (context,) if hasattr(AppContext, "has_request") else ()
            app.process_response(*contexts, app.response_class(status=status))
            return result

    return run


def test_socket_is_named_by_its_digest(socket, in_request):
    """The digest of session and page is the same in every request of the page."""
    assert in_request(lambda: socket.digest) == digest("secret", KEY, ID)
    assert in_request(lambda: socket.connection_id) == ID


def test_socket_of_another_page_or_session_is_another_client(socket, in_request):
    """A wrong id or another session gives another digest."""
    digests = {
        in_request(lambda: socket.digest),
        in_request(lambda: socket.digest, OTHER_ID),
        in_request(lambda: socket.digest, key="another-session"),
    }

    assert len(digests) == 3


def test_subscribe_subscribes_this_page_alone(socket, registry, in_request):
    """A subscription belongs to one page, not to other pages of the browser."""
    in_request(lambda: socket.subscribe("a", ["b", "c"]))

    assert in_request(lambda: socket.channels) == {"a", "b", "c"}
    assert in_request(lambda: socket.channels, OTHER_ID) == set()
    assert registry.subscriptions([digest("secret", KEY, ID)])


def test_subscribe_shows_at_once_in_channels(socket, in_request):
    """realtime.socket.channels contains a new subscription at once."""

    def view():
        socket.subscribe("a", "b")
        socket.unsubscribe("b")
        return socket.channels

    assert in_request(view) == {"a"}


def test_subscribe_begins_no_session_for_a_page_that_says_it_is_open(socket, in_request):
    """A request without a session names an open page, which cannot be known. No session is
    started."""

    def view():
        socket.subscribe("a")
        return dict(session), socket.channels

    assert in_request(view, key=None) == ({}, set())


def test_unsubscribe_takes_channels_away(socket, in_request):
    """Unsubscribing from a channel without a subscription is no error."""
    in_request(lambda: socket.subscribe("a", "b"))

    in_request(lambda: socket.unsubscribe("b", "never"))

    assert in_request(lambda: socket.channels) == {"a"}


@pytest.mark.parametrize(
    "channels", [(), ([],), ("",), ("a\n",), (7,), ("room:*",), ("a", "*"), ("@user:42",)]
)
@pytest.mark.parametrize("verb", ["subscribe", "unsubscribe"])
@pytest.mark.parametrize("is_enabled", [True, False])
def test_subscribe_refuses_what_is_no_channel(make_socket, in_request, verb, channels, is_enabled):
    """An invalid name, no name, or a pattern is an error, and nothing of the call is done."""
    socket = make_socket(is_enabled)

    with pytest.raises(InvalidChannel):
        in_request(lambda: getattr(socket, verb)(*channels))

    assert in_request(lambda: socket.channels) == set()


@pytest.mark.parametrize("verb", ["subscribe", "unsubscribe"])
def test_subscribe_to_a_pattern_says_where_patterns_are_for(socket, in_request, verb):
    """The error for a pattern does not suggest an argument that subscribe() lacks."""
    with pytest.raises(InvalidChannel) as caught:
        in_request(lambda: getattr(socket, verb)("room:1", "room:*"))

    assert str(caught.value) == (
        "'room:*' contains a '*', which no channel's name may contain: a page is subscribed to "
        "channels by their names. Patterns are for pushes, and for realtime.on in the browser."
    )


def test_subscribe_without_a_secret_key_says_what_to_set(app, socket, in_request):
    """An app without SECRET_KEY gets an error at once."""
    app.secret_key = None

    with pytest.raises(InvalidSetting, match="SECRET_KEY"):
        in_request(lambda: socket.subscribe("a"), None, key=None)


def test_push_publishes_to_names_and_patterns(socket, pushed, in_request):
    """realtime.socket.push() does what realtime.push() does, and needs no session."""
    in_request(lambda: socket.push({"n": 1}, "a", ["b", "c"], pattern="d*", push_id="x"), key=None)

    assert pushed == [({"n": 1}, ["a", "b", "c", "d*"], "x")]


def test_push_to_publishes_to_one_client(socket, pushed, in_request):
    """realtime.socket.push_to() does what realtime.push_to() does."""
    in_request(lambda: socket.push_to("d" * 64, "psst", "a"), OTHER_ID)

    assert pushed == [("d" * 64, "psst", "a")]


def test_socket_of_a_request_is_not_resumed(socket, in_request):
    """is_resumed is False in an HTTP request."""
    assert in_request(lambda: socket.is_resumed) is False


@pytest.mark.parametrize("channel", ["", "a*", None, ["a"], "@user:42"])
def test_push_to_takes_one_name(socket, in_request, channel):
    """push_to() refuses a pattern and a list."""
    with pytest.raises(InvalidChannel):
        in_request(lambda: socket.push_to("x", "psst", channel))


@pytest.mark.parametrize(
    ("everywhere", "disconnected"),
    [
        (False, Disconnect(digest=digest("secret", KEY, ID))),
        (True, Disconnect(session=session_digest("secret", KEY))),
    ],
)
def test_disconnect_closes_this_page_or_the_session(
    socket, process, in_request, everywhere, disconnected
):
    """A log-out closes this page's sockets, or those of all pages of the browser."""
    in_request(lambda: socket.subscribe("a"))

    in_request(lambda: socket.disconnect(everywhere=everywhere))

    assert process.disconnected == [disconnected]


def test_disconnect_everywhere_gives_the_session_another_key(socket, registry, in_request):
    """disconnect(everywhere=True) in an app without realtime.identify: neither a kept cookie nor a
    page that was away can reconnect."""

    def view():
        socket.disconnect(everywhere=True)
        return session._get_current_object()

    in_request(lambda: socket.subscribe("a"))
    after = in_request(view)

    assert after["socket_key"] not in (None, KEY)
    assert registry.connect(digest("secret", KEY, ID), "1").has_ended


@pytest.mark.parametrize("key_now", [None, "a-key-begun-anew"])
def test_disconnect_closes_the_session_that_was_cleared_before(
    socket, process, in_request, key_now
):
    """A log-out clears the session first. The sockets of the session that sent the request
    close."""

    def view():
        session.clear()
        if key_now:
            session["socket_key"] = key_now
        socket.disconnect(everywhere=True)
        return session._get_current_object()

    after = in_request(view)

    assert process.disconnected == [Disconnect(session=session_digest("secret", KEY))]
    assert ("socket_key" in after) is bool(key_now)
    assert after.get("socket_key") != KEY


def test_socket_of_a_fresh_visitor_makes_no_session_by_being_looked_at(socket, in_request):
    """Only a subscription or the digest starts a session."""

    def view():
        socket.unsubscribe("a")
        socket.disconnect()
        socket.disconnect(everywhere=True)
        return socket.channels, socket.connection_id, dict(session)

    assert in_request(view, key=None) == (set(), ID, {})


def test_socket_does_nothing_where_the_extension_is_off(app, in_request):
    """With REALTIME_ENABLED False realtime.socket needs no secret key, starts no session and asks
    no registry."""
    app.secret_key = None
    grants = Grants(lambda: pytest.fail("asked"))
    socket = Socket(grants, EndOfRequest(None, grants), Pushed(), False)

    def view():
        socket.subscribe("a")
        socket.unsubscribe("a")
        socket.disconnect(everywhere=True)
        socket.push("x", "a")
        socket.push_to("digest", "x", "a")
        return socket.digest, socket.connection_id, socket.channels, dict(session)

    assert in_request(view, key=None) == ("", "", frozenset(), {})
