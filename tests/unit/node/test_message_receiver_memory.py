"""The memory that the messages of a socket and their replies take, and who waits for it."""

import pytest

from flask_realtime.messages import large_messages, large_replies, memory_budget
from flask_realtime.messages.large_messages import LARGE_BYTES
from tests.eventually import DEADLINE, eventually

from ..handshakes import Page
from .heard import Heard


def test_message_waits_until_the_large_reply_before_it_is_taken(heard):
    """A client that reads nothing has one large reply in memory, however often it asks."""
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
    """There is memory for one large message at a time, and a waiting one is not admitted early."""
    monkeypatch.setattr(large_messages, "HANDLED_BYTES", 1)
    monkeypatch.setattr(large_messages, "PATIENCE_SECONDS", 1000.0)
    monkeypatch.setattr(memory_budget, "LOOK_SECONDS", 0.01)


def test_peer_that_takes_no_reply_keeps_no_memory_from_large_messages_of_others(one_at_a_time):
    """A client does not read its large reply. Its own next message waits for that; large messages
    of others do not."""
    node = Heard().node
    with Page(node, socket_key="slow") as slow, Page(node, socket_key="other") as other:
        slow.say("much")
        eventually(lambda: slow.connection.outbox.has_large_reply)
        slow.say("echo", data="x" * LARGE_BYTES)
        eventually(lambda: slow.connection.outbox._empty)

        other.say("echo", data="x" * LARGE_BYTES)

        assert other.receive()["status"] == 200


def test_large_message_of_a_socket_that_has_ended_waits_no_longer(one_at_a_time, heard):
    """A socket closes while its large message waits for memory. The socket is removed at once."""
    node = heard.node
    with Page(node, socket_key="busy") as busy:
        busy.say("wait", data="x" * LARGE_BYTES)
        large = busy.connection.receiver._services.large
        eventually(lambda: large._budget.taken)
        with Page(node, socket_key="waiting") as waiting:
            waiting.say("echo", data="x" * LARGE_BYTES)
            eventually(lambda: large._budget.is_waited_for)

        eventually(lambda: node.connections() == [busy.connection])
        heard.gate.set()
        assert busy.receive()["body"] == "True"


@pytest.fixture
def one_reply_at_a_time(monkeypatch):
    """There is memory for one large reply at a time. For an app that is made behind this."""
    monkeypatch.setattr(large_replies, "BODY_BYTES", 1)
    monkeypatch.setattr(large_replies, "PATIENCE_SECONDS", 1000.0)
    monkeypatch.setattr(memory_budget, "LOOK_SECONDS", 0.01)


@pytest.fixture
def run(one_reply_at_a_time, heard):
    """What a handler was called with that is slow to make large replies."""
    run = []

    @heard.realtime.handler("slow")
    def slow(data):
        run.append(data)
        heard.gate.wait(DEADLINE)
        return "x" * 200_000

    return run


def let_one_be_known_and_one_run(heard, page, run):
    """Have one large reply tell how large they are, and a second one be made."""
    page.say("slow", data="known")
    heard.gate.set()
    assert page.receive()["status"] == 200
    heard.gate.clear()
    page.say("slow", data="first")
    eventually(lambda: run == ["known", "first"])


def test_call_of_a_socket_that_has_ended_waits_for_no_large_reply(run, heard):
    """A socket closes while its call waits for a large reply. Its handler does not run, and it
    delays nobody else."""
    node = heard.node
    with Page(node, socket_key="first") as first:
        let_one_be_known_and_one_run(heard, first, run)
        with Page(node, socket_key="gone") as gone:
            gone.say("slow", data="gone")
            bodies = gone.connection.receiver._services.conversations._large_replies.bodies
            eventually(lambda: bodies.is_waited_for)

        eventually(lambda: node.connections() == [first.connection])
        assert not bodies.is_waited_for
        heard.gate.set()
        assert first.receive()["status"] == 200
    assert run == ["known", "first"]


def test_message_that_waits_for_memory_is_sent_back_when_its_socket_is_to_be_closed(run, heard):
    """A socket is to be closed while its message waits for the memory of a large reply. The message
    is sent back at once, and its handler does not run; the reply that is being made is sent."""
    node = heard.node
    with Page(node, socket_key="first") as first, Page(node, socket_key="second") as second:
        let_one_be_known_and_one_run(heard, first, run)
        second.say("slow", data="second")
        bodies = second.connection.receiver._services.conversations._large_replies.bodies
        eventually(lambda: bodies.is_waited_for)

        for page in (first, second):
            page.connection.close_behind_work(1012, "Come back.")
        reply, code = second.receive(), second.receive()
        heard.gate.set()

        assert (reply["status"], reply["refused"], code) == (503, "reconnect", 1012)
        assert (first.receive()["status"], first.receive()) == (200, 1012)
    assert run == ["known", "first"]
