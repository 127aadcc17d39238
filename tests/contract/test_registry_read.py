"""Every registry: what reading a log promises."""

import pytest

from flask_realtime.protocol.positions import Position
from flask_realtime.registries.records import LogPage

PLENTY = 10_000_000


def payloads(page):
    return [publication.payload for publication in page.publications]


def test_read_gives_what_follows_each_cursor(registry, fill):
    """One call reads several channels, each from its own position."""
    a, b = fill(registry, "a", 3), fill(registry, "b", 2)

    pages = registry.read({"a": a[1], "b": b[0]}, PLENTY)

    assert payloads(pages["a"]) == ["2", "3"]
    assert payloads(pages["b"]) == ["1", "2"]
    assert [one.position for one in pages["a"].publications] == a[2:]
    assert {one.channel for one in pages["b"].publications} == {"b"}
    assert (pages["a"].tail, pages["b"].tail) == (a[-1], b[-1])
    assert not pages["a"].lost and not pages["b"].lost


def test_read_at_the_tail_gives_nothing(registry, fill):
    """A read from the tail returns no entries."""
    positions = fill(registry, "a", 3)

    assert registry.read({"a": positions[-1]}, PLENTY) == {"a": LogPage((), positions[-1])}


def test_read_without_a_cursor_gives_the_tail_alone(registry, fill):
    """A read from None returns the tail and no entries."""
    positions = fill(registry, "a", 3)

    assert registry.read({"a": None}, PLENTY) == {"a": LogPage((), positions[-1])}


def test_read_begins_the_log_of_an_unknown_channel(registry, push):
    """A read of an unknown channel begins its log at 0, and the first push follows that."""
    start = registry.read({"a": None}, PLENTY)["a"].tail
    again = registry.read({"a": None}, PLENTY)["a"].tail

    first = registry.publish([push("a")])[0]

    assert start == again
    assert (start.seq, start.tag) == (0, "")
    assert (first.epoch, first.seq) == (start.epoch, 1)


def test_read_of_nothing_gives_nothing(registry):
    """A read of no channels returns nothing."""
    assert registry.read({}, PLENTY) == {}


def test_read_gives_pages_up_to_the_tail(registry, fill):
    """The pages of a log, read one after another, have every entry once."""
    positions = fill(registry, "a", 20, size=100)
    cursor, read, sizes = positions[0], [], []

    while cursor != positions[-1]:
        page = registry.read({"a": cursor}, 450)["a"]
        assert page.tail == positions[-1]
        sizes.append(len(page.publications))
        read += page.publications
        cursor = page.publications[-1].position

    assert [one.position for one in read] == positions[1:]
    assert max(sizes) <= 10
    assert min(sizes[:-1]) >= 3


@pytest.mark.parametrize("max_bytes", [0, 1])
def test_read_gives_at_least_one_entry(registry, fill, max_bytes):
    """A page has at least one entry, even if that is larger than a page."""
    positions = fill(registry, "a", 2, size=1000)

    page = registry.read({"a": positions[0]}, max_bytes)["a"]

    assert [one.position for one in page.publications] == positions[1:2]
    assert not page.lost


def test_read_tells_lost_where_entries_were_trimmed(open_registry, fill):
    """A reader whose next entry was trimmed is told that messages are lost, and continues from the
    tail."""
    registry = open_registry(HISTORY_SIZE=2)
    positions = fill(registry, "a", 4)

    page = registry.read({"a": positions[1]}, PLENTY)["a"]

    assert page == LogPage((), positions[-1], lost=True, is_trimmed=True)
    assert payloads(registry.read({"a": positions[2]}, PLENTY)["a"]) == ["3", "4"]


def test_read_tells_lost_for_another_epoch(registry, fill):
    """A position of another epoch is lost, and does not change the log."""
    positions = fill(registry, "a", 3)

    page = registry.read({"a": positions[2]._replace(epoch="another")}, PLENTY)["a"]

    assert page == LogPage((), positions[-1], lost=True)
    assert payloads(registry.read({"a": positions[1]}, PLENTY)["a"]) == ["2", "3"]


def test_read_tells_lost_for_a_position_of_an_unknown_channel(registry):
    """A log that expired or was lost begins again in another epoch, and older positions are
    lost."""
    page = registry.read({"a": Position("gone", 3, "b2")}, PLENTY)["a"]

    assert page.lost
    assert page.tail.epoch != "gone"
    assert page.tail.seq == 0


def forge(positions, what):
    return {
        "above": positions[-1]._replace(seq=9),
        "tag at the tail": positions[-1]._replace(tag="ffffffff"),
        "tag before it": positions[1]._replace(tag="ffffffff"),
        "tag at the start": positions[0]._replace(tag="ffffffff"),
    }[what]


FORGERIES = ["above", "tag at the tail", "tag before it", "tag at the start"]


@pytest.mark.parametrize("what", FORGERIES)
def test_read_gives_a_log_that_went_back_a_new_epoch(registry, fill, push, what):
    """When a process knows a newer position than the log has, the log gets a new epoch, and every
    reader is told that messages are lost."""
    positions = fill(registry, "a", 3)

    page = registry.read({"a": forge(positions, what)}, PLENTY)["a"]

    assert page == LogPage((), page.tail, lost=True)
    assert page.tail.epoch != positions[0].epoch
    assert registry.read({"a": positions[-1]}, PLENTY)["a"] == page
    assert registry.read({"a": positions[1]}, PLENTY)["a"] == page
    following = registry.publish([push("a", '"next"')])[0]
    assert following.epoch == page.tail.epoch
    assert following.seq == page.tail.seq + 1
    assert payloads(registry.read({"a": page.tail}, PLENTY)["a"]) == ['"next"']


@pytest.mark.parametrize("what", FORGERIES)
def test_read_keeps_the_epoch_when_a_client_names_the_position(registry, fill, what):
    """A false position that a client names is lost to that client alone."""
    positions = fill(registry, "a", 3)

    page = registry.read({"a": forge(positions, what)}, PLENTY, renew=False)["a"]

    assert page == LogPage((), positions[-1], lost=True)
    assert payloads(registry.read({"a": positions[1]}, PLENTY)["a"]) == ["2", "3"]


def test_read_judges_each_channel_for_itself(open_registry, fill):
    """What is wrong with one channel does not affect the other channels of a read."""
    registry = open_registry(HISTORY_SIZE=2)
    a, b, c = (fill(registry, channel, 4) for channel in "abc")

    pages = registry.read({"a": a[0], "b": b[-1]._replace(seq=99), "c": c[3]}, PLENTY)

    assert [pages[channel].lost for channel in "abc"] == [True, True, False]
    assert pages["a"].tail == a[-1]
    assert pages["b"].tail.epoch != b[-1].epoch
    assert payloads(pages["c"]) == ["4"]


def test_processes_read_one_log(registry, other, fill):
    """One process can read what another one pushed."""
    positions = fill(registry, "a", 3)

    page = other.read({"a": positions[1]}, PLENTY)["a"]

    assert [one.position for one in page.publications] == positions[2:]
    assert page.tail == positions[-1]
