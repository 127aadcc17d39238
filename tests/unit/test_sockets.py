"""What the current request's client can be told to do."""

from __future__ import annotations

import threading

import flask
import pytest
from flask import session

from flask_realtime.config.settings import Config
from flask_realtime.errors import InvalidChannel, InvalidSetting
from flask_realtime.identity.keys import digest, session_digest
from flask_realtime.registries.memory.registry import MemoryRegistry
from flask_realtime.registries.records import Disconnect, RegistryEvents
from flask_realtime.sockets import Socket
from tests.eventually import DEADLINE

ID = "an-id-of-this-page"
OTHER_ID = "an-id-of-another-page"
KEY = "the-socket-key-of-this-session"


class Told:
    """What a registry tells its process."""

    def __init__(self):
        self.disconnected = []
        self.is_told = threading.Event()

    def receiver(self):
        return RegistryEvents(
            deliver=lambda publication: None,
            changed=lambda digest: None,
            disconnected=self._disconnect,
            unsubscribed=lambda user, channel: None,
            interrupted=lambda: None,
            restored=lambda: None,
        )

    def _disconnect(self, order):
        self.disconnected.append(order)
        self.is_told.set()


@pytest.fixture
def told():
    return Told()


@pytest.fixture
def registry(told):
    registry = MemoryRegistry(Config())
    registry.start(told.receiver())
    yield registry
    registry.close()


class Pushed(list):
    """Writes down what a socket pushes."""

    def push(self, message, names, push_id=None):
        self.append((message, names, push_id))

    def push_to(self, digest, message, channel):
        self.append((digest, message, channel))


@pytest.fixture
def pushed():
    return Pushed()


@pytest.fixture
def make_socket(registry, pushed):
    return lambda is_enabled=True: Socket(lambda: registry, pushed, is_enabled)


@pytest.fixture
def socket(make_socket):
    return make_socket()


@pytest.fixture
def app():
    app = flask.Flask(__name__)
    app.secret_key = "secret"
    return app


@pytest.fixture
def in_request(app):
    """Runs a function in a request of the page whose id is given, in one browser session."""

    def run(function, connection_id=ID, key=KEY):
        with app.test_request_context(headers={"X-Realtime-Connection-Id": connection_id}):
            if key:
                session["socket_key"] = key
            return function()

    return run


def test_socket_is_named_by_its_digest(socket, in_request):
    """The digest of session and page names the client, in whichever request."""
    assert in_request(lambda: socket.digest) == digest("secret", KEY, ID)
    assert in_request(lambda: socket.connection_id) == ID


def test_socket_of_another_page_or_session_is_another_client(socket, in_request):
    """A wrong id or a foreign session names nobody else's client."""
    digests = {
        in_request(lambda: socket.digest),
        in_request(lambda: socket.digest, OTHER_ID),
        in_request(lambda: socket.digest, key="another-session"),
    }

    assert len(digests) == 3


def test_subscribe_subscribes_this_page_alone(socket, registry, in_request):
    """One page's subscriptions are not another's of the same browser."""
    in_request(lambda: socket.subscribe("a", ["b", "c"]))

    assert in_request(lambda: socket.channels) == {"a", "b", "c"}
    assert in_request(lambda: socket.channels, OTHER_ID) == set()
    assert registry.subscriptions([digest("secret", KEY, ID)])


def test_subscribe_gives_a_new_session_its_socket_key(socket, in_request):
    """The first subscription of a visitor begins the session that its socket will show."""

    def view():
        socket.subscribe("a")
        return session["socket_key"], socket.channels

    key, channels = in_request(view, key=None)

    assert key and channels == {"a"}


def test_unsubscribe_takes_channels_away(socket, in_request):
    """What the page is not subscribed to is no error."""
    in_request(lambda: socket.subscribe("a", "b"))

    in_request(lambda: socket.unsubscribe("b", "never"))

    assert in_request(lambda: socket.channels) == {"a"}


@pytest.mark.parametrize(
    "channels", [(), ([],), ("",), ("a\n",), (7,), ("room:*",), ("a", "*"), ("@user:42",)]
)
@pytest.mark.parametrize("verb", ["subscribe", "unsubscribe"])
@pytest.mark.parametrize("is_enabled", [True, False])
def test_subscribe_refuses_what_is_no_channel(make_socket, in_request, verb, channels, is_enabled):
    """A bad name, none, or a pattern is an error at the door, and nothing of the call is done."""
    socket = make_socket(is_enabled)

    with pytest.raises(InvalidChannel):
        in_request(lambda: getattr(socket, verb)(*channels))

    assert in_request(lambda: socket.channels) == set()


def test_subscribe_without_a_secret_key_says_what_to_set(app, socket, in_request):
    """An app that cannot sign sessions learns so at once."""
    app.secret_key = None

    with pytest.raises(InvalidSetting, match="SECRET_KEY"):
        in_request(lambda: socket.subscribe("a"), key=None)


def test_push_publishes_to_names_and_patterns(socket, pushed, in_request):
    """It is the same as realtime.push, and needs no session."""
    in_request(lambda: socket.push({"n": 1}, "a", ["b", "c"], pattern="d*", push_id="x"), key=None)

    assert pushed == [({"n": 1}, ["a", "b", "c", "d*"], "x")]


def test_push_to_publishes_to_one_client(socket, pushed, in_request):
    """It is the same as realtime.push_to."""
    in_request(lambda: socket.push_to("d" * 64, "psst", "a"), OTHER_ID)

    assert pushed == [("d" * 64, "psst", "a")]


def test_socket_of_a_request_is_not_resumed(socket, in_request):
    """Only what a socket says belongs to a socket that could be resumed."""
    assert in_request(lambda: socket.is_resumed) is False


@pytest.mark.parametrize("channel", ["", "a*", None, ["a"], "@user:42"])
def test_push_to_takes_one_name(socket, in_request, channel):
    """Neither a pattern nor a list."""
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
    socket, told, in_request, everywhere, disconnected
):
    """A logout can close this page's sockets, or those of all pages of the browser."""
    in_request(lambda: socket.subscribe("a"))

    in_request(lambda: socket.disconnect(everywhere=everywhere))

    assert told.is_told.wait(DEADLINE)
    assert told.disconnected == [disconnected]


@pytest.mark.parametrize("key_now", [None, "a-key-begun-anew"])
def test_disconnect_closes_the_session_that_was_cleared_before(app, socket, told, key_now):
    """A logout may clear the session first: the sockets are those of who sent the request."""
    signed = app.session_interface.get_signing_serializer(app).dumps({"socket_key": KEY})
    with app.test_request_context(headers={"Cookie": f"session={signed}"}):
        session.clear()
        if key_now:
            session["socket_key"] = key_now

        socket.disconnect(everywhere=True)

    keys = [key_now, KEY] if key_now else [KEY]
    assert told.disconnected == [Disconnect(session=session_digest("secret", key)) for key in keys]


def test_socket_of_a_fresh_visitor_makes_no_session_by_being_looked_at(socket, in_request):
    """Only a subscription or the digest begins a session."""

    def view():
        socket.unsubscribe("a")
        socket.disconnect()
        socket.disconnect(everywhere=True)
        return socket.channels, socket.connection_id, dict(session)

    assert in_request(view, key=None) == (set(), ID, {})


def test_socket_does_nothing_where_the_extension_is_off(app, in_request):
    """ENABLED False needs no secret key, makes no session and asks no registry."""
    app.secret_key = None
    socket = Socket(lambda: pytest.fail("asked"), Pushed(), False)

    def view():
        socket.subscribe("a")
        socket.unsubscribe("a")
        socket.disconnect(everywhere=True)
        socket.push("x", "a")
        socket.push_to("digest", "x", "a")
        return socket.digest, socket.connection_id, socket.channels, dict(session)

    assert in_request(view, key=None) == ("", "", frozenset(), {})
