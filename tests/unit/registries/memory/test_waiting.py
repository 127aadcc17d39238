"""Changes that wait for browsers, in memory."""

from flask_realtime.registries.lifetimes import TAKEN_SECONDS
from flask_realtime.registries.memory.waiting import MemoryWaiting


def test_memory_waiting_gives_the_same_again_for_a_while():
    """A page whose answer was lost gets the same changes again, for TAKEN_SECONDS."""
    waiting = MemoryWaiting(1000)
    waiting.add("d", "1", 0)

    assert waiting.take("d", "taker", 1) == ["1"]
    assert waiting.take("d", "taker", 2) == ["1"]
    assert waiting.take("d", "taker", 3 + TAKEN_SECONDS) == []


def test_memory_waiting_drops_what_is_over():
    """Changes that no browser fetches are dropped after the time for which a page may stay away."""
    waiting = MemoryWaiting(10)
    waiting.add("d", "1", 0)

    assert waiting.drop_expired(11, 1)
    assert waiting.of("d", "d", 11) == []
