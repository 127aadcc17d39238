"""What happens to the messages of one socket."""

import json
import threading

import pytest

from flask_realtime.identity.keys import digest
from flask_realtime.messages.large_messages import LARGE_BYTES, LargeMessages
from flask_realtime.node import message_receiver
from flask_realtime.threads.job_queue import JobQueue
from flask_realtime.threads.time_slice import TimeSlice

from ..handshakes import Page, admitted
from .heard import Heard


def test_message_is_answered_by_its_handler(page):
    """A message is answered by its handler, with the message's id."""
    page.say("echo", data={"a": 1})

    reply = page.receive()
    assert (reply["id"], reply["status"], reply["body"]) == ("1", 200, {"a": 1})


def test_ping_is_answered_while_a_handler_runs(page, heard):
    """A ping is answered while a handler runs, so that the page does not take its socket for
    dead."""
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
        (
            '{"id": "1", "action": "echo", "data": {"price": 1e999}}',
            "'data' holds the number 1e999",
        ),
        ('{"id": "1", "action": "resume", "positions": {}}', "resumes once"),
    ],
)
def test_message_that_has_no_answer_is_told_why(page, message, why):
    """A malformed message is answered with the reason, and the socket stays open."""
    page.send(message)
    refused = page.receive()
    page.say("echo", data="hi")

    assert refused["status"] == 400
    assert why in refused["body"]
    assert page.receive()["body"] == "hi"


def test_messages_that_reach_no_code_of_the_app_share_a_time_slice(page, monkeypatch):
    """A socket sends messages for a handler, for none, and calls of a closed route. Only those that
    reach no code of the app, which may wait, count towards the time after which the messages of all
    sockets wait for a pause. But all of them wait for that pause."""
    told = []

    def spy(method):
        def told_of(time_slice, *args):
            if threading.current_thread().name == "realtime-worker":
                told.append((method.__name__, time_slice))
            return method(time_slice, *args)

        return told_of

    monkeypatch.setattr(TimeSlice, "begin", spy(TimeSlice.begin))
    monkeypatch.setattr(TimeSlice, "end", spy(TimeSlice.end))

    page.say("echo", data="hi")
    page.say("none")
    page.say("call-route", uri="/shut")
    page.say("echo", data="hi")
    statuses = [page.receive()["status"] for _ in range(4)]

    shared = page.connection.reading.time_slice
    assert statuses == [200, 404, 421, 200]
    names = ["begin", *["begin", "end"] * 2, "begin"]
    assert told == [(name, shared) for name in names]


@pytest.mark.parametrize("text", ["x" * 1024, "ä" * 600])
def test_message_that_is_too_big_closes_the_socket(text):
    """The size of a message is counted in bytes, not in characters."""
    with Page(Heard(MAX_MESSAGE_BYTES=1024).node) as page:
        page.say("echo", data=text)

        assert page.receive() == 1009


def test_first_message_of_one_that_resumes_is_a_resume(heard):
    """A client that promised to resume sends something else first, which is refused, since it would
    miss pushes. Its next message may be the resume."""
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
    """Messages beyond the rate limit are refused and reach no handler; far too many close the
    socket."""
    with Page(Heard(MAX_MESSAGES_PER_SECOND=0.4).node) as page:
        for _ in range(4):
            page.say("ping")
        received = [page.receive() for _ in range(4)]

    assert [one["status"] for one in received[:3]] == [200, 200, 429]
    assert received[3] == 1008


def test_message_that_waits_is_parsed_when_its_turn_comes(page, heard, monkeypatch):
    """A waiting message is kept as text, since its parsed JSON may take 20 times the memory."""
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
    # The waiting message, parsed a second time.
    assert [text for text in parsed if '"echo"' in text] == 2 * before
    assert len(before) == 1


@pytest.mark.parametrize("order", [["id", "action", "data"], ["data", "action", "id"]])
def test_large_message_is_answered_as_any_other(page, order):
    """A large message is answered whatever the order of its fields."""
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
    """A large text that is not a message is answered with the reason, and with its id if that is at
    its beginning."""
    page.send(text)

    refused = page.receive()

    assert refused["status"] == 400
    assert why in refused["body"]
    assert refused["id"] in (message_id, None)


def test_large_message_counts_as_many(clock):
    """A message counts once for each started 8 KB in the rate limit. One that is refused is not
    parsed."""
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
    """on_join and on_leave run for each socket. They are told whether the page had a socket before,
    if the page was subscribed to something."""
    heard.node.registry.subscribe(
        digest("a secret of the tests", "a key", "an-id-of-this-page"), ["a"]
    )

    for _ in range(2):
        with Page(heard.node) as page:
            page.say("echo")
            page.receive()

    assert heard.told == [("joined", False), ("left", False), ("joined", True), ("left", True)]


def test_socket_that_asks_for_its_end_is_answered_first(heard, page):
    """A page logs out over its socket, and gets the reply before the socket closes, so that it
    knows of its new cookies."""
    page.say("log-out")

    assert page.receive()["body"] == "good-bye"
    assert page.receive() == 1000


def test_message_that_comes_after_the_end_is_not_heeded(heard):
    """A message that arrives after our close frame was sent is dropped."""
    with admitted(heard.node) as connection:
        connection.close(1000)
        connection.receiver.received('{"id": "1", "action": "echo"}')

        assert not connection.jobs.pending


def test_message_that_is_cut_off_before_its_handler_is_answered(heard, page, monkeypatch):
    """An earlier handler started a gevent.Timeout and did not end it, and the timeout interrupts
    the next message before its handler. That message is answered."""

    def cut_off(*_):
        raise SystemExit

    monkeypatch.setattr(LargeMessages, "look", cut_off)
    page.say("echo", data="x" * LARGE_BYTES)
    failed = page.receive()
    monkeypatch.undo()
    page.say("echo", data="hi")

    assert (failed["id"], failed["status"]) == ("1", 500)
    assert page.receive()["body"] == "hi"


def test_socket_whose_end_is_cut_off_gives_its_place_back(heard, monkeypatch):
    """The app started a gevent.Timeout at the handshake and did not end it, and the timeout
    interrupts the end of the socket. Its place is free all the same."""

    def cut_off(jobs, seconds):
        raise SystemExit

    monkeypatch.setattr(JobQueue, "wait_until_idle", cut_off)
    with Page(heard.node):
        pass

    assert not heard.node.connections()
