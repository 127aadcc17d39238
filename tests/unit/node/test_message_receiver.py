"""What becomes of the messages of one socket."""

import json
import threading

import pytest

from flask_realtime import Realtime
from flask_realtime.connection import allowance
from flask_realtime.identity.keys import digest
from flask_realtime.messages import large_replies
from flask_realtime.node import large_messages, message_receiver
from flask_realtime.node.large_messages import LARGE_BYTES
from tests.eventually import DEADLINE, eventually

from ..handshakes import Page, admitted
from .nodes import node_of


class Heard:
    """An app that answers, and writes down what it is told."""

    def __init__(self, **settings):
        self.told = []
        self.gate = threading.Event()
        self.realtime = Realtime()
        self.realtime.on_join(lambda: self.note("joined"))
        self.realtime.on_leave(lambda: self.note("left"))
        self.realtime.handler("echo")(lambda data: data)
        self.realtime.handler("wait")(lambda data: str(self.gate.wait(DEADLINE)))
        self.realtime.handler("much")(lambda data: "x" * 2_000_000)
        self.realtime.handler("log-out")(self._log_out)
        self.node = node_of(realtime=self.realtime, **settings)

    def note(self, what):
        self.told.append((what, self.realtime.socket.is_resumed))

    def _log_out(self, data):
        self.realtime.socket.disconnect()
        return "good-bye"


@pytest.fixture
def heard():
    return Heard()


@pytest.fixture
def page(heard):
    with Page(heard.node) as page:
        yield page


def test_message_is_answered_by_its_handler(page):
    """With its id."""
    page.say("echo", data={"a": 1})

    reply = page.receive()
    assert (reply["id"], reply["status"], reply["body"]) == ("1", 200, {"a": 1})


def test_ping_is_answered_while_a_handler_runs(page, heard):
    """A page that waits for a slow handler does not take its socket for dead."""
    page.say("wait")
    page.say("ping")
    pong = page.receive()
    heard.gate.set()

    assert pong["body"] == "pong"
    assert page.receive()["body"] == "True"


@pytest.mark.parametrize(
    ("message", "why"),
    [
        (b"{}", "binary"),
        ("no JSON", "JSON"),
        ("[1]", "object"),
        ('{"id": "1", "action": "resume", "positions": {}}', "resumes once"),
    ],
)
def test_message_that_has_no_answer_is_told_why(page, message, why):
    """None of them closes the socket."""
    page.send(message)
    refused = page.receive()
    page.say("echo", data="hi")

    assert refused["status"] == 400
    assert why in refused["body"]
    assert page.receive()["body"] == "hi"


@pytest.mark.parametrize("text", ["x" * 300, "ä" * 200])
def test_message_that_is_too_big_closes_the_socket(text):
    """By its bytes, not by its characters."""
    with Page(Heard(MAX_MESSAGE_BYTES=300).node) as page:
        page.say("echo", data=text)

        assert page.receive() == 1009


def test_first_message_of_one_that_resumes_is_a_resume(heard):
    """Else it would miss what came meanwhile; the next one may be."""
    with Page(heard.node, resumes=True) as page:
        page.say("echo")
        early = page.receive()
        page.say("resume", positions="none")
        malformed = page.receive()
        page.say("resume", positions={})

        assert (early["status"], malformed["status"]) == (400, 400)
        assert "'echo'" in early["body"]
        assert page.receive()["known"] is False


def test_too_many_messages_are_refused_and_far_too_many_close_the_socket(clock):
    """The rate of a socket is limited; none of those that are refused reaches a handler."""
    with Page(Heard(MAX_MESSAGES_PER_SECOND=0.4).node) as page:
        for _ in range(4):
            page.say("ping")
        received = [page.receive() for _ in range(4)]

    assert [one["status"] for one in received[:3]] == [200, 200, 429]
    assert received[3] == 1008


def test_message_that_waits_is_parsed_when_its_turn_comes(page, heard, monkeypatch):
    """Parsed JSON takes up to twenty times the memory of its text."""
    parsed = []
    parse = message_receiver.parse_message
    monkeypatch.setattr(
        message_receiver, "parse_message", lambda text: parsed.append(text) or parse(text)
    )
    page.say("wait")
    page.say("echo", data="hi")
    page.say("ping")
    page.receive()
    before = [text for text in parsed if '"echo"' in text]
    heard.gate.set()
    replies = [page.receive()["body"] for _ in range(2)]

    assert replies == ["True", "hi"]
    # The one that waited, once more.
    assert [text for text in parsed if '"echo"' in text] == 2 * before
    assert len(before) == 1


@pytest.mark.parametrize("order", [["id", "action", "data"], ["data", "action", "id"]])
def test_large_message_is_answered_as_any_other(page, order):
    """Whatever comes first in it."""
    message = {"id": "7", "action": "echo", "data": [[]] * 20_000}
    page.send(json.dumps({name: message[name] for name in order}))

    reply = page.receive()

    assert (reply["id"], reply["status"], len(reply["body"])) == ("7", 200, 20_000)


@pytest.mark.parametrize(
    ("text", "message_id", "why"),
    [
        ('{"id": "7", "action": "echo", "data": [' + "[]," * 20_000, "7", "JSON"),
        ('{"data": [' + "[]," * 20_000, None, "JSON"),
        (b"x" * 50_000, None, "binary"),
        ('{"id": "7", "action": "ping", "data": [' + "[]," * 20_000, None, "JSON"),
    ],
    ids=["known by its beginning", "unknown", "binary", "answered by the reader"],
)
def test_large_message_that_is_none_is_told_why(page, text, message_id, why):
    """With its id, where that stood at the beginning."""
    page.send(text)

    refused = page.receive()

    assert refused["status"] == 400
    assert why in refused["body"]
    assert refused["id"] in (message_id, None)


def test_large_message_counts_as_many(clock):
    """A token for each started 8 KB, so that a few large ones are as much as many small ones; what
    is refused is not even parsed."""
    heard = Heard(MAX_MESSAGES_PER_SECOND=10)
    with Page(heard.node) as page:
        page.send(json.dumps({"id": "7", "action": "echo", "data": "x" * 250_000}))
        granted = page.receive()
        page.send('{"id": "8", "action": "echo", "data": [' + "x" * 250_000)
        refused = page.receive()

    assert (granted["id"], granted["status"]) == ("7", 200)
    assert (refused["id"], refused["status"]) == ("8", 429)
    assert "large one counts as several" in refused["body"]


def test_app_is_told_of_sockets_that_join_and_leave(heard):
    """And of each whether its page had one before, where that is remembered: of pages that were
    subscribed to something."""
    heard.node.registry.subscribe(
        digest("a secret of the tests", "a key", "an-id-of-this-page"), ["a"]
    )

    for _ in range(2):
        with Page(heard.node) as page:
            page.say("echo")
            page.receive()

    assert heard.told == [("joined", False), ("left", False), ("joined", True), ("left", True)]


def test_socket_that_asks_for_its_end_is_answered_first(heard, page):
    """A page that logs out over its socket learns that its cookies wait for it."""
    page.say("log-out")

    assert page.receive()["body"] == "good-bye"
    assert page.receive() == 1000


def test_message_that_comes_after_the_end_is_not_heeded(heard):
    """What a peer sent before it read our good-bye is dropped."""
    with admitted(heard.node) as connection:
        connection.close(1000)
        connection.receiver.received('{"id": "1", "action": "echo"}')

        assert not connection.jobs.pending


def test_message_waits_until_the_large_reply_before_it_is_taken(heard):
    """A peer that reads nothing has one such reply in memory, however often it asks."""
    made = []
    heard.realtime.handler("large")(lambda data: made.append(data) or "x" * 4_000_000)
    with Page(heard.node) as page:
        for number in range(3):
            page.say("large", data=number)
        eventually(lambda: made)
        page.say("ping")
        at_first = list(made)
        replies = [page.receive() for _ in range(4)]

    assert at_first == [0]
    assert made == [0, 1, 2]
    assert sum(len(reply["body"]) == 4_000_000 for reply in replies) == 3


@pytest.fixture
def one_at_a_time(monkeypatch):
    """There is memory for one large message, and who waits for it is not let in early."""
    monkeypatch.setattr(large_messages, "HANDLED_BYTES", 1)
    monkeypatch.setattr(large_messages, "PATIENCE_SECONDS", 1000.0)
    monkeypatch.setattr(allowance, "LOOK_SECONDS", 0.01)


def test_peer_that_takes_no_reply_keeps_no_memory_from_large_messages_of_others(one_at_a_time):
    """Its own next message is read once it has taken the reply."""
    node = Heard().node
    with Page(node, socket_key="slow") as slow, Page(node, socket_key="other") as other:
        slow.say("much")
        eventually(lambda: slow.connection.outbox.has_large_reply)
        slow.say("echo", data="x" * LARGE_BYTES)
        eventually(lambda: slow.connection.outbox._empty)

        other.say("echo", data="x" * LARGE_BYTES)

        assert other.receive()["status"] == 200


def test_large_message_of_a_socket_that_has_ended_waits_no_longer(one_at_a_time, heard):
    """The socket is gone at once, and not once others' handlers have ended."""
    node = heard.node
    with Page(node, socket_key="busy") as busy:
        busy.say("wait", data="x" * LARGE_BYTES)
        large = busy.connection.receiver._services.large
        eventually(lambda: large._allowance.taken)
        with Page(node, socket_key="waiting") as waiting:
            waiting.say("echo", data="x" * LARGE_BYTES)
            eventually(lambda: large._allowance.is_waited_for)

        eventually(lambda: node.connections() == [busy.connection])
        heard.gate.set()
        assert busy.receive()["body"] == "True"


def test_call_of_a_socket_that_has_ended_waits_for_no_large_reply(monkeypatch):
    """The handler does not run for it, and it keeps nobody waiting who is still there."""
    monkeypatch.setattr(large_replies, "BODY_BYTES", 1)
    monkeypatch.setattr(large_replies, "PATIENCE_SECONDS", 1000.0)
    monkeypatch.setattr(allowance, "LOOK_SECONDS", 0.01)
    heard, run = Heard(), []

    @heard.realtime.handler("slow")
    def slow(data):
        run.append(data)
        heard.gate.wait(DEADLINE)
        return "x" * 200_000

    node = heard.node
    with Page(node, socket_key="first") as first:
        first.say("slow", data="known")
        heard.gate.set()
        assert first.receive()["status"] == 200
        heard.gate.clear()
        first.say("slow", data="first")
        eventually(lambda: run == ["known", "first"])
        with Page(node, socket_key="gone") as gone:
            gone.say("slow", data="gone")
            bodies = gone.connection.receiver._services.conversations._large_replies.bodies
            eventually(lambda: bodies.is_waited_for)

        eventually(lambda: node.connections() == [first.connection])
        assert not bodies.is_waited_for
        heard.gate.set()
        assert first.receive()["status"] == 200
    assert run == ["known", "first"]
