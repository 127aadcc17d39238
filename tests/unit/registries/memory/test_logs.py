"""The logs of all channels in memory."""

from flask_realtime.config.settings import Config
from flask_realtime.protocol.pushes import Push
from flask_realtime.registries.memory.logs import MemoryLogs


def test_memory_logs_append_a_push_once():
    """A push id that the channel has seen gives the first one's position, and no entry."""
    logs = MemoryLogs(Config())

    first, entry = logs.append(Push("a", "1", "id"), 0)
    again, repeat = logs.append(Push("a", "1", "id"), 1)
    elsewhere, _ = logs.append(Push("b", "1", "id"), 1)

    assert again == first == entry.position
    assert repeat is None
    assert elsewhere != first


def test_memory_logs_forget_entries_before_the_place():
    """A log's entries live HISTORY_TTL, its state as long as a page may stay away beside that."""
    logs = MemoryLogs(Config(history_ttl_seconds=10, disconnect_timeout_seconds=100))
    position, _ = logs.append(Push("a", "1", None), 0)

    logs.drop_expired(11, 10)
    kept = logs.get("a", 11).tail
    logs.drop_expired(111, 10)

    assert kept == position
    assert not logs.is_known("a", 111)
