"""One thread reads a channel's log, and others wait for it."""

import threading

import pytest

from flask_realtime.errors import RegistryUnavailable
from flask_realtime.hub.single_flight import SingleFlight
from tests.eventually import DEADLINE


def test_names_are_divided_among_those_who_ask():
    """Two threads ask for overlapping channels. Each channel is read by one thread at a time."""
    flights = SingleFlight()

    first, _ = flights.take(["a", "b"])
    second, others = flights.take(["b", "c"])
    flights.release(first)
    third, none = flights.take(["a", "b"])

    assert (first, second, third) == (["a", "b"], ["c"], ["a", "b"])
    assert list(others) == ["b"]
    assert none == {}


def test_whoever_waits_goes_on_when_the_other_is_done():
    """A waiting thread continues when the other is done, whether or not the log could be read."""
    flights, done = SingleFlight(), threading.Event()
    mine, _ = flights.take(["a"])
    _, others = flights.take(["a"])

    def wait():
        flights.wait(others, DEADLINE)
        done.set()

    waiting = threading.Thread(target=wait)
    waiting.start()
    too_early = done.is_set()
    flights.release(mine)
    waiting.join(DEADLINE)

    assert not too_early
    assert done.is_set()


def test_whoever_waits_too_long_is_told_for_what():
    """A log cannot be read. The waiting thread gets an error that names the channel."""
    flights = SingleFlight()
    flights.take(["a"])
    _, others = flights.take(["a"])

    with pytest.raises(RegistryUnavailable, match="'a'"):
        flights.wait(others, 0)
