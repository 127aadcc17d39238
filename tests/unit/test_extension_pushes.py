"""Pushes of the extension: to which app and pages they go, and what is refused."""

import sys
import threading
import tracemalloc
from contextlib import contextmanager

import flask
import pytest

from flask_realtime import (
    InvalidChannel,
    NobodyListens,
    NoContext,
    NotSubscribed,
    Realtime,
)
from flask_realtime.protocol.positions import Position
from flask_realtime.protocol.routes import Route
from flask_realtime.registries.records import RegistryEvents
from tests.eventually import DEADLINE, eventually

from .apps import make_app
from .handshakes import admitted


class Heard:
    """The messages that one app's process receives on its channel."""

    def __init__(self, app):
        self.payloads = []
        self._news = threading.Semaphore(0)
        registry = app.extensions["realtime"].node().registry
        registry.start(
            RegistryEvents(
                deliver=self._deliver,
                changed=lambda *about: None,
                disconnected=lambda order: None,
                unsubscribed=lambda *left: None,
                interrupted=lambda: None,
                restored=lambda: None,
            )
        )
        registry.listen(["room"])

    def next(self):
        assert self._news.acquire(timeout=DEADLINE), "Nothing was delivered."
        return self.payloads.pop(0)

    def _deliver(self, publication):
        self.payloads.append(publication.payload)
        self._news.release()


def read_log(app):
    """Return the whole log of the channel ``room``."""
    registry = app.extensions["realtime"].node().registry
    tail = registry.read({"room": None}, 1)["room"].tail
    return registry.read({"room": Position(tail.epoch, 0, "")}, 10_000)["room"].publications


@contextmanager
def open_page(app, channel):
    """Open a socket of the app's process that is on a channel."""
    node = app.extensions["realtime"].node()
    with admitted(node) as connection:
        node.registry.subscribe(connection.digest, [channel])
        connection.receiver.opened()
        eventually(lambda: node.is_heard(channel))
        yield


def test_push_finds_the_only_app_without_a_context():
    """A thread or script pushes without a context. The only app that was initialised is used."""
    realtime = Realtime()
    heard = Heard(make_app(realtime))

    realtime.push("hi", "room")

    assert heard.next() == '"hi"'


def test_push_goes_to_the_app_of_the_context():
    """One Realtime serves several apps. A push in one app's context reaches only that app's
    pages."""
    realtime = Realtime()
    one, other = make_app(realtime), make_app(realtime, "other")
    heard = Heard(one), Heard(other)

    with other.app_context():
        realtime.push("for the other", "room")
    with one.app_context():
        realtime.push("for the one", "room")

    assert heard[1].next() == '"for the other"'
    assert heard[0].next() == '"for the one"'


def test_push_says_that_it_does_not_know_which_app():
    """Two apps and no context: the error says what to do."""
    realtime = Realtime()
    apps = make_app(realtime), make_app(realtime, "other")

    with pytest.raises(NoContext, match=r"2 apps .*app\.app_context"):
        realtime.push("hi", "room")
    assert len(apps) == 2


def test_push_before_any_app_is_registered_says_so():
    """Without any app the error says what to call first."""
    with pytest.raises(NoContext, match=r"no apps .*realtime\.init_app\(app\)"):
        Realtime().push("hi", "room")


def test_push_in_a_foreign_app_names_it():
    """A push in the context of an app without init_app is an error that names the app."""
    app = make_app()
    realtime = Realtime(app)

    with make_app(name="foreign").app_context(), pytest.raises(NoContext, match="'foreign'"):
        realtime.push("hi", "room")


def test_push_many_keeps_the_order():
    """The messages are pushed in order, each to its own channels."""
    realtime = Realtime()
    heard = Heard(make_app(realtime))

    realtime.push_many([(1, "room"), (2, ["room", "elsewhere"]), (3, "room")])
    realtime.push_many([])

    assert [heard.next() for _ in range(3)] == ["1", "2", "3"]


@pytest.mark.parametrize("message", [float("nan"), [float("inf")], "\ud800"], ids=repr)
def test_push_refuses_what_no_browser_reads(message):
    """A message that JSON.parse would refuse is an error at the push."""
    app = make_app()
    app.json.ensure_ascii = False
    realtime = Realtime(app)

    with pytest.raises(ValueError):
        realtime.push(message, "room")


@pytest.mark.parametrize(
    "push_id",
    ["", 7, "x" * 201, "\ud800"],
    ids=["empty", "no text", "too long", "half a surrogate pair"],
)
def test_push_refuses_what_is_no_push_id(push_id):
    """A push id must be a text."""
    app = make_app()
    realtime = Realtime(app)

    with pytest.raises(ValueError, match="push_id"):
        realtime.push("hi", "room", push_id=push_id)


def test_push_keeps_nothing_in_memory_but_the_log():
    """A push without a push id cannot be repeated, so no id is remembered for it."""
    # A variable holds the app, because a Realtime alone does not keep its app alive.
    app = make_app(REALTIME_HISTORY_SIZE=10)
    realtime = Realtime(app)
    realtime.push_many((number, "room") for number in range(100))
    tracemalloc.start()
    for number in range(5000):
        realtime.push(number, "room")

    held, _ = tracemalloc.get_traced_memory()

    tracemalloc.stop()
    assert held < 100_000


def test_push_or_ban_from_a_process_that_never_serves_is_an_error(monkeypatch):
    """The worker of a job queue pushes without REALTIME_REDIS and without REALTIME_REGISTRY. The
    push would reach nobody."""
    monkeypatch.setattr(sys, "argv", ["/usr/bin/celery", "worker"])
    app = flask.Flask("script")
    app.secret_key = "a secret of the tests"
    realtime = Realtime(app)

    realtime.identify(lambda: None)

    for act in (
        lambda: realtime.push("hi", "room"),
        lambda: realtime.push_to("d" * 64, "hi", "room"),
        lambda: realtime.user(42).disconnect(),
        lambda: realtime.user(42).unsubscribe("room"),
    ):
        with pytest.raises(NobodyListens, match="REALTIME_REDIS"):
            act()
    app.config["TESTING"] = True
    realtime.push("hi", "room")


def test_push_to_reaches_one_client_without_a_request():
    """A thread or command pushes to a page by the digest that a view has stored."""
    realtime = Realtime()
    app = make_app(realtime)
    digest = "d" * 64
    app.extensions["realtime"].node().registry.subscribe(digest, ["room"])

    realtime.push_to(digest, "psst", "room")

    page = read_log(app)
    assert [(one.payload, one.route) for one in page] == [('"psst"', Route(to=digest))]


def test_push_to_a_client_that_has_left_is_no_error():
    """A push to a client that has left the channel, or whose page has closed, is no error."""
    realtime = Realtime()
    app = make_app(realtime)
    registry = app.extensions["realtime"].node().registry
    left, gone = "1" * 64, "2" * 64
    registry.subscribe(left, ["room"])
    registry.unsubscribe(left, ["room"])

    realtime.push_to(left, "psst", "room")
    realtime.push_to(gone, "psst", "room")

    assert read_log(app) == ()


def test_push_to_a_client_that_never_could_hear_it_is_an_error():
    """A channel to which the client never was subscribed, an invalid digest, and an invalid name
    are errors."""
    realtime = Realtime()
    app = make_app(realtime)
    digest = "d" * 64
    app.extensions["realtime"].node().registry.subscribe(digest, ["other"])

    for receiver in (digest, "no digest", "", None):
        with pytest.raises(NotSubscribed, match="'room'"):
            realtime.push_to(receiver, "psst", "room")
    with pytest.raises(InvalidChannel):
        realtime.push_to(digest, "psst", "room:*")


def test_push_with_message_and_channel_swapped_gives_a_hint_in_debug(caplog):
    """In debug mode one log line says that message and channel look swapped: no page is on the
    channel, but pages are on one with the message's name."""
    realtime = Realtime()
    app = make_app(realtime)

    with open_page(app, "room:1"):
        realtime.push("room:1", "hello")
        app.debug = True
        realtime.push("hello", "room:1")
        realtime.push("hello", "nobody hears this")
        realtime.push(["room:1"], "hello")
        before = list(caplog.records)
        realtime.push("room:1", "hello")
        realtime.push("room:1", "hello")

    assert before == []
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "push('room:1', 'hello')" in caplog.text
