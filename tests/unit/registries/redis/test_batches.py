"""Batches of what is sent to Redis at once."""

from flask_realtime.registries.redis.batches import BYTES_AT_ONCE, COMMANDS_AT_ONCE, batches


def test_batches_hold_so_many_items_at_most():
    """A batch has a limited number of small items."""
    items = list(range(2 * COMMANDS_AT_ONCE + 1))

    found = list(batches(items, lambda item: 1))

    assert [len(batch) for batch in found] == [COMMANDS_AT_ONCE, COMMANDS_AT_ONCE, 1]
    assert [item for batch in found for item in batch] == items


def test_batches_hold_so_many_bytes_at_most():
    """A batch has a limited size: five hundred messages of 256 KB would be 128 MB."""
    sizes = [BYTES_AT_ONCE // 2, BYTES_AT_ONCE // 2, 1, 3 * BYTES_AT_ONCE, 1, 1]

    found = list(batches(sizes, lambda size: size))

    assert found == [sizes[:2], sizes[2:3], sizes[3:4], sizes[4:]]


def test_nothing_makes_no_batch():
    """An empty call sends nothing."""
    assert list(batches([], len)) == []
