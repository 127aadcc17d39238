"""The logs of all channels in memory."""

from dataclasses import replace

from flask_realtime.config.settings import Config
from flask_realtime.protocol.pushes import Push
from flask_realtime.registries.lifetimes import Lifetimes
from flask_realtime.registries.memory.logs import MemoryLogs


def logs_of(**settings):
    config = Config(**settings)
    return MemoryLogs(config, Lifetimes.of(config))


def test_memory_logs_append_a_push_once():
    """A push id that the channel has seen gives the first one's position, and no entry."""
    logs = logs_of()

    first, entry = logs.append(Push("a", "1", "id"), 0)
    again, repeat = logs.append(Push("a", "1", "id"), 1)
    elsewhere, _ = logs.append(Push("b", "1", "id"), 1)

    assert again == first == entry.position
    assert repeat is None
    assert elsewhere != first


def test_memory_logs_forget_entries_before_the_place():
    """Entries live for REALTIME_HISTORY_TTL; the position lives as long as a page of that channel
    may reconnect."""
    logs = logs_of(history_ttl_seconds=10, disconnect_timeout_seconds=100)
    position, _ = logs.append(Push("a", "1", None), 0)
    logs.keep("a", 0)

    logs.drop_expired(11, 10)
    kept = logs.read("a", 11)
    logs.drop_expired(300, 10)

    assert kept.tail == position
    assert kept.read(None, 100).publications == ()
    assert logs.names() == []
    assert logs.read("a", 300).tail.epoch != position.epoch


def test_memory_logs_keep_what_a_pattern_brought_for_whoever_is_away():
    """A push to a pattern does not prolong a channel's life, and its entry lives as long as any
    other."""
    logs = logs_of(history_ttl_seconds=100, connect_timeout_seconds=5)
    start = logs.read("a", 0).tail
    logs.append(replace(Push("a", "1", None), by_pattern=True), 1)

    assert logs.names() == ["a"]
    assert logs.is_known("a", 9)
    assert not logs.is_known("a", 11)
    assert len(logs.read("a", 90).read(start, 100).publications) == 1
