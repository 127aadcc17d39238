"""Large messages of all sockets of a process share a part of the memory."""

import gc
import json
import threading
import tracemalloc
from contextlib import suppress
from urllib.parse import unquote

import pytest

from flask_realtime.errors import InvalidMessage
from flask_realtime.messages import large_messages as module
from flask_realtime.messages.call_rules import CallRefused
from flask_realtime.messages.large_messages import LargeMessages
from flask_realtime.protocol.messages import parsed_size
from flask_realtime.threads import time_slice as time_slices
from flask_realtime.threads.time_slice import TimeSlice

from ...eventually import DEADLINE, eventually

PART = ["a part", "of a message"]
TEXT = json.dumps({"id": "1", "action": "echo", "data": [[]] * 1000})


def test_large_message_is_parsed_while_it_is_held():
    """A large message is parsed and handled like any other."""
    with LargeMessages().hold(TEXT.encode(), TimeSlice(), "session") as message:
        assert (message.id, message.action, message.data) == ("1", "echo", [[]] * 1000)


def test_large_calls_that_are_refused_let_others_run(clock, monkeypatch):
    """Many sockets send large calls of a route that is not open to calls. Other greenlets run
    between them."""
    time_slice, pauses, counts = TimeSlice(), [], []
    monkeypatch.setattr(time_slices, "let_others_run", lambda: pauses.append(1))

    def refuse(method, uri):
        clock.now += 2 * time_slices.SLICE_SECONDS
        raise CallRefused

    for _ in range(3):
        with (
            suppress(CallRefused),
            LargeMessages().hold(call("/x").encode(), time_slice, "session", view_of=refuse),
        ):
            pytest.fail("The call is refused.")
        counts.append(len(pauses))

    assert counts == [0, 1, 2]


class Counting(TimeSlice):
    """Notes how many parts of a message there are whenever a thread may have to wait."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def begin(self):
        self.seen.append(sum(type(one) is list and one == PART for one in gc.get_objects()))
        return super().begin()


def test_call_that_waits_for_its_turn_keeps_nothing_parsed():
    """A call tells only at its end that it is one, so that all of it is parsed. It waits before its
    route is looked for, as many others may."""
    fields = {"input": [PART] * 50, "uri": "/x", "id": "1", "action": "call-route"}
    time_slice = Counting()
    before = sum(type(one) is list and one == PART for one in gc.get_objects())

    with LargeMessages().hold(json.dumps(fields).encode(), time_slice, "session", view_of=name):
        pass

    assert time_slice.seen == [before] * len(time_slice.seen)


class Weighing(TimeSlice):
    """Notes how much memory is in use whenever a thread may have to wait."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def begin(self):
        self.seen.append(tracemalloc.get_traced_memory()[0])
        return super().begin()


def test_message_that_waits_for_its_turn_is_kept_as_it_came():
    """One sign of a long text has each of its characters take four bytes. Many sockets wait until
    it is their turn to look what their message is, to parse it, or to look for its route."""
    fields = {"input": "\U0001f600" + "x" * 100_000, "uri": "/x", "id": "1", "action": "call-route"}
    data = json.dumps(fields, ensure_ascii=False).encode()
    time_slice = Weighing()

    tracemalloc.start()
    try:
        with LargeMessages().hold(data, time_slice, "session", view_of=name):
            pass
    finally:
        tracemalloc.stop()

    assert len(time_slice.seen) == 4
    assert max(time_slice.seen) < len(data)


def name(method, uri):
    return f"{method} {uri}"


def test_large_messages_wait_while_others_take_too_much(monkeypatch):
    """Large messages that are being handled use a limited part of the memory. The next one waits
    for them."""
    monkeypatch.setattr(module, "HANDLED_BYTES", parsed_size(TEXT) * 5)
    large, gate, held = LargeMessages(), threading.Event(), []

    def handle(session):
        with large.hold(TEXT.encode(), TimeSlice(), session):
            held.append(1)
            gate.wait(DEADLINE)

    threads = [threading.Thread(target=handle, args=(str(number),)) for number in range(4)]
    for thread in threads:
        thread.start()
    eventually(lambda: len(held) == 2)
    at_once = len(held)
    gate.set()
    for thread in threads:
        thread.join(DEADLINE)

    assert at_once == 2
    assert len(held) == 4


def view_of(method, uri):
    """What the app's routes are: each begins with the name of its view, which takes one method."""
    view = unquote(uri).split("/")[1]
    return "" if view.startswith("made-up") or method != "POST" else view


def call(uri, method="post", **ahead):
    data = {"id": "1", "action": "call-route", "method": method, **ahead, "uri": uri}
    return json.dumps({**data, "json": [[]] * 1000})


def assert_no_other_waits(monkeypatch, texts, other):
    """Handle *texts*, one of a session each, of which two fit into what one kind may take, and
    assert that *other* is handled meanwhile."""
    monkeypatch.setattr(module, "HANDLED_BYTES", parsed_size(texts[0]) * 5)
    large, gate, held = LargeMessages(), threading.Event(), []

    def handle(text, session):
        with large.hold(text.encode(), TimeSlice(), session, view_of=view_of):
            held.append(text)
            gate.wait(DEADLINE)

    threads = [threading.Thread(target=handle, args=(one, str(n))) for n, one in enumerate(texts)]
    for thread in threads:
        thread.start()
    eventually(lambda: len(held) == 2 and large._budget.is_waited_for)
    threads.append(threading.Thread(target=handle, args=(other, "another")))
    threads[-1].start()

    eventually(lambda: other in held)
    assert len(held) == 3
    gate.set()
    for thread in threads:
        thread.join(DEADLINE)


def test_calls_of_a_slow_view_hold_up_no_other(monkeypatch):
    """Many sessions send large calls of a slow view. Large calls of other views do not wait for
    them."""
    assert_no_other_waits(monkeypatch, [call("/slow/1?a=b")] * 4, call("/quick"))


DISGUISES = {
    "a path that no route has": [call(f"/made-up-{n}/1") for n in range(4)],
    "the path in percent signs": [
        call(path) for path in ("/%73low", "/s%6cow", "/sl%6fw", "/slo%77")
    ],
    "another path ahead": [call("/slow", referrer={"uri": f"/quick{n}"}) for n in range(4)],
    "the path twice": [
        call("/slow").replace('"method"', f'"uri": "/quick{n}", "method"') for n in range(4)
    ],
    "another action ahead": [
        call("/slow").replace('"action"', f'"action": "handler-{n}", "action"') for n in range(4)
    ],
    "a method that the view does not take": [
        call(f"/quick{n}", method) for n, method in enumerate(["get", "put", "PATCH", "delete"])
    ],
    "a method within the message alone": [
        call(f"/quick{n}").replace('"method": "post", ', "").replace("[[]", '[{"method": "post"}')
        for n in range(4)
    ],
    "the method behind all else": [
        call("/slow"),
        call("/slow").replace('"method": "post", ', "")[:-1] + ', "method": "post"}',
    ]
    * 2,
    "the method twice": [
        call(f"/quick{n}").replace('"json"', '"method": "get", "json"') for n in range(4)
    ],
    "the key in escapes": [
        call(f"/quick{n}").replace('"json"', '"\\u0075ri": "/slow", "json"') for n in range(4)
    ],
}


@pytest.mark.parametrize("texts", DISGUISES.values(), ids=DISGUISES)
def test_disguised_calls_of_a_slow_view_hold_up_no_other(monkeypatch, texts):
    """A client writes the path of each call so that it looks like that of another view. All such
    calls share what the calls of one view may take."""
    assert_no_other_waits(monkeypatch, texts, TEXT)


def test_message_larger_than_all_may_take_is_handled_alone(monkeypatch):
    """A message larger than the shared memory, which the settings allow, is handled while no other
    large one is."""
    monkeypatch.setattr(module, "HANDLED_BYTES", 10)

    with LargeMessages().hold(TEXT.encode(), TimeSlice(), "session") as message:
        assert message.action == "echo"


@pytest.mark.parametrize("text", ["[" * 100_000, '{"id": "1"}', "x" * 100_000])
def test_large_text_that_is_no_message_leaves_nothing_taken(text):
    """A large text that is not a message is refused, and takes no memory from others."""
    large = LargeMessages()
    for _ in range(3):
        with pytest.raises(InvalidMessage), large.hold(text.encode(), TimeSlice(), "session"):
            pass

    with large.hold(TEXT.encode(), TimeSlice(), "session") as message:
        assert message.action == "echo"


def test_how_large_a_message_is_and_who_handles_it_is_looked_up_for_one_at_a_time():
    """That takes 2 ms for a large one. Under gevent, 64 sockets that sent one at the same moment
    would hold up everybody else until all of them were looked at."""
    time_slice, looked = TimeSlice(), threading.Event()

    def look_for_view(method, uri):
        looked.set()
        return uri

    def handle():
        with LargeMessages().hold(call("/fast").encode(), time_slice, "s", None, look_for_view):
            pass

    thread = threading.Thread(target=handle)
    with time_slice.alone():
        thread.start()
        thread.join(0.2)
        was_looked_for = looked.is_set()
    thread.join(DEADLINE)

    assert looked.is_set()
    assert not was_looked_for
