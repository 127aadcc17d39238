"""The newest positions that Redis has accepted from this process."""

from flask_realtime.protocol.positions import Position
from flask_realtime.registries.redis.accepted import MOST_CHANNELS, RedisAccepted


def test_newest_position_counts_in_whatever_order_replies_are_noted():
    """Two threads push on one channel, and their replies are recorded in the wrong order. The
    newest position counts."""
    accepted = RedisAccepted(10)
    accepted.note("a", Position("e", 2, "b"))
    accepted.note("a", Position("e", 1, "a"))
    accepted.note("b", Position("f", 1, "j"))
    accepted.note("b", Position("e", 9, "i"))

    assert accepted.newest(2) == {"a": Position("e", 2, "b"), "b": Position("f", 1, "j")}
    assert accepted.positions({"b", "c"}) == {"b": Position("f", 1, "j")}


def test_only_the_newest_channels_are_remembered():
    """A process pushes on ever new channels. Only the newest are remembered."""
    accepted = RedisAccepted(10)
    position = Position("e", 1, "t")
    for number in range(MOST_CHANNELS + 1):
        accepted.note(str(number), position)

    assert accepted.positions(["0", "1"]) == {"1": position}
    assert list(accepted.newest(2)) == [str(MOST_CHANNELS - 1), str(MOST_CHANNELS)]
