"""All channels of a process under one lock."""

import pytest

from flask_realtime.hub import channels as module
from flask_realtime.hub.channels import Channels
from flask_realtime.protocol.routes import TO_ALL, Route
from flask_realtime.writing.frames import push_frame

from ..logs import Ear, Log


@pytest.fixture
def channels():
    return Channels()


def hearing(channels, name, *digests):
    """Connections of *digests* that receive the channel's pushes."""
    ears = [Ear(digest) for digest in digests]
    for ear in ears:
        channels.members.add(ear)
        channels.enter(name)
        channels.get(name).join(ear)
    return ears


def test_channels_have_what_somebody_has_entered(channels):
    """A channel exists from its first connection on."""
    hearing(channels, "room", "d1", "d2")

    assert channels.names() == ["room"]
    assert channels.is_known("room") and not channels.is_known("hall")
    assert channels.get("hall") is None
    assert [one.name for one in channels.known(["hall", "room"])] == ["room"]
    assert channels.get("room").users == 2


def test_channels_are_forgotten_when_nobody_was_on_them_for_a_while(channels, clock):
    """A channel without connections is dropped after a while, unless somebody joins it again."""
    first, second, again = (hearing(channels, name, name)[0] for name in "abc")
    channels.leave("a", first)
    clock.now += 6
    channels.leave("b", second)
    channels.leave("c", again)
    clock.now += 5
    hearing(channels, "c", "d4")

    once = channels.pop_idle(10)
    clock.now += 100

    assert once == ["a"]
    assert channels.pop_idle(10) == ["b"]
    assert channels.names() == ["c"]


def go_live(channels, name):
    """Have the log of a channel read, which is empty."""
    tail = Log(name).tail
    channels.get(name).begin_reading()
    channels.get(name).restart(tail)
    assert channels.get(name).resume(tail)


def test_channel_is_new_once_each_time_that_it_is_heard_anew(channels, clock):
    """A channel is new when its log has been read for its first page, and when that is so again
    after nobody was there."""
    ears = hearing(channels, "room", "d1", "d2")
    before = channels.take_new()
    go_live(channels, "room")
    at_first, then = channels.take_new(), channels.take_new()
    for one in ears:
        channels.leave("room", one)
    clock.now += 1
    channels.pop_idle(0)
    hearing(channels, "room", "d3")
    go_live(channels, "room")

    assert (before, at_first, then, channels.take_new()) == ([], ["room"], [], ["room"])


def test_message_goes_to_whom_its_route_concerns(channels):
    """A message goes to all connections, to those of one client, or to all but those of one
    client."""
    one, other, same = hearing(channels, "room", "d1", "d2", "d1")
    hearing(channels, "hall", "d3")
    room = channels.get("room")

    assert set(channels.outboxes(room, TO_ALL)) == {one, other, same}
    assert channels.outboxes(room, TO_ALL) is room.outboxes()
    assert set(channels.outboxes(room, Route(to="d1"))) == {one, same}
    assert set(channels.outboxes(room, Route(but_for="d1"))) == {other}
    assert set(channels.outboxes(room, Route(but_for="d0,d1"))) == {other}
    assert channels.outboxes(room, Route(to="d3")) == ()


def test_channels_keep_no_more_than_they_may_in_all(channels, monkeypatch, clock):
    """The logs that a process keeps for thousands of channels have one limit together."""
    monkeypatch.setattr(module, "MOST_EXTENDED_BYTES", 100)
    frames = {}
    for name in "abc":
        log = Log(name)
        frames[name] = [push_frame(log.append(1))]
        hearing(channels, name, name)
        channels.get(name).restart(log.tail)

    kept = [channels.extend(channels.get(name), frames[name], 50) for name in "abc"]
    early = channels.extended_for_long()
    clock.now += 11
    due = channels.extended_for_long()
    dropped = [frame for name in due for frame in channels.shrink(name)]

    assert kept == [True, True, False]
    assert early == []
    assert due == ["a", "b"]
    assert dropped == []
    assert channels.extend(channels.get("c"), frames["c"], 100)


def test_channel_that_is_forgotten_counts_for_nothing(channels, monkeypatch, clock):
    """The memory of a dropped channel is free for others."""
    monkeypatch.setattr(module, "MOST_EXTENDED_BYTES", 100)
    log = Log("room")
    frame = push_frame(log.append(1))
    for _ in range(3):
        (ear,) = hearing(channels, "room", "d1")
        channels.get("room").restart(log.tail)
        assert channels.extend(channels.get("room"), [frame], 60)
        channels.leave("room", ear)
        clock.now += 1
        assert channels.pop_idle(0) == ["room"]
    assert channels.shrink("room") == []
