"""One channel's log in memory, beyond what every registry promises."""

from flask_realtime.protocol.pushes import Push
from flask_realtime.registries.memory.log import MemoryLog
from flask_realtime.registries.records import LogPage


def fill(log, *payloads):
    return [log.append(Push("a", payload, "id")).position for payload in payloads]


def test_memory_log_counts_bytes_not_characters():
    """The size of a text counts in bytes of UTF-8."""
    log = MemoryLog(max_entries=100, max_bytes=100)

    positions = fill(log, "é" * 40, "é" * 40)

    assert log.read(positions[0], 1000).publications[0].position == positions[1]
    start = positions[0]._replace(seq=0, tag="")
    assert log.read(start, 1000).lost


def test_memory_log_keeps_nothing_larger_than_itself():
    """An entry larger than the whole log is delivered, but not kept."""
    log = MemoryLog(max_entries=100, max_bytes=100)

    first, second, third = fill(log, "small", "x" * 101, "small")

    assert log.read(first, 1000) == LogPage((), third, lost=True, is_trimmed=True)
    assert [one.position for one in log.read(second, 1000).publications] == [third]


def test_memory_log_forgets_its_entries_and_counts_on():
    """Entries expire, and the log's position stays."""
    log = MemoryLog(max_entries=100, max_bytes=100)
    first, second = fill(log, "1", "2")

    log.clear()

    assert log.tail == second
    assert log.read(first, 1000).lost
    third = fill(log, "3")[0]
    assert (third.epoch, third.seq) == (first.epoch, 3)
    assert log.read(second, 1000).publications[0].position == third
