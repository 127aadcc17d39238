"""What the extension pushes: to which app, to whom, and what it refuses."""

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
    """What one app's process is told of its channel."""

    def __init__(self, app):
        self.payloads = []
        self._news = threading.Semaphore(0)
        registry = app.extensions["realtime"].node().registry
        registry.start(
            RegistryEvents(
                deliver=self._deliver,
                changed=lambda digest: None,
                disconnected=lambda order: None,
                unsubscribed=lambda user, channel: None,
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
    """What the log of the channel ``room`` holds, from its beginning."""
    registry = app.extensions["realtime"].node().registry
    tail = registry.read({"room": None}, 1)["room"].tail
    return registry.read({"room": Position(tail.epoch, 0, "")}, 10_000)["room"].publications


@contextmanager
def open_page(app, channel):
    """A socket of the app's process that is on a channel."""
    node = app.extensions["realtime"].node()
    with admitted(node) as connection:
        node.registry.subscribe(connection.digest, [channel])
        connection.receiver.opened()
        eventually(lambda: node.is_heard(channel))
        yield


def test_push_finds_the_only_app_without_a_context():
    """A thread or a script need not push a context where one app was initialised."""
    realtime = Realtime()
    heard = Heard(make_app(realtime))

    realtime.push("hi", "room")

    assert heard.next() == '"hi"'


def test_push_goes_to_the_app_of_the_context():
    """One object serves several apps; what is pushed in one is not heard in another."""
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
    """Two apps and no context: an error that tells what to do."""
    realtime = Realtime()
    apps = make_app(realtime), make_app(realtime, "other")

    with pytest.raises(NoContext, match=r"2 apps .*app\.app_context"):
        realtime.push("hi", "room")
    assert len(apps) == 2


def test_push_in_a_foreign_app_names_it():
    """An app that was forgotten in init_app is named."""
    app = make_app()
    realtime = Realtime(app)

    with make_app(name="foreign").app_context(), pytest.raises(NoContext, match="'foreign'"):
        realtime.push("hi", "room")


def test_push_many_keeps_the_order():
    """One after the other, each down its own channels."""
    realtime = Realtime()
    heard = Heard(make_app(realtime))

    realtime.push_many([(1, "room"), (2, ["room", "elsewhere"]), (3, "room")])
    realtime.push_many([])

    assert [heard.next() for _ in range(3)] == ["1", "2", "3"]


@pytest.mark.parametrize("message", [float("nan"), [float("inf")], "\ud800"], ids=repr)
def test_push_refuses_what_no_browser_reads(message):
    """A message that would break the page's JSON.parse fails where it is pushed."""
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
    """A push id is a text that the caller will know again."""
    app = make_app()
    realtime = Realtime(app)

    with pytest.raises(ValueError, match="push_id"):
        realtime.push("hi", "room", push_id=push_id)


def test_push_keeps_nothing_in_memory_but_the_log():
    """What nobody can repeat is not remembered, or a busy process would hold 300 s of ids."""
    # Held, for a Realtime only knows its app: one that nobody holds may be collected.
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
    """On memory that nobody asked for, the push of a job queue's worker could reach no one."""
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
    """A thread or a command sends to the page that a view has noted the digest of."""
    realtime = Realtime()
    app = make_app(realtime)
    digest = "d" * 64
    app.extensions["realtime"].node().registry.subscribe(digest, ["room"])

    realtime.push_to(digest, "psst", "room")

    page = read_log(app)
    assert [(one.payload, one.route) for one in page] == [('"psst"', Route(to=digest))]


def test_push_to_a_client_that_has_left_is_no_error():
    """Neither one that has left the channel, nor one whose page is gone."""
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
    """A wrong channel, a text that is no digest, and a text that is no channel's name."""
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
    """Where pages listen to what was meant as the message, and nobody to the channel: once."""
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
