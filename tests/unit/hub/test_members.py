"""How a connection stands on its channels."""

from flask_realtime.hub.members import Member
from flask_realtime.protocol.positions import Position
from flask_realtime.registries.subscriptions import MOST_LEFT


def test_one_that_leaves_ever_more_channels_is_known_on_the_last():
    """A socket that comes and goes for weeks takes no memory for it."""
    member = Member()
    left, since = Position("e", 9, "t"), Position("e", 1, "s")
    for number in range(MOST_LEFT + 1):
        member.note_left(f"room:{number}", left)

    assert member.begins("room:0", since) == since
    assert member.begins("room:1", since) == left
    assert member.begins(f"room:{MOST_LEFT}", since) == left


def test_one_that_leaves_a_channel_again_is_known_by_the_newer_time():
    """Coming back counts: it is not what was left longest ago."""
    member = Member()
    since, once, again = (Position("e", seq, "t") for seq in (1, 2, 3))
    member.note_left("room:0", once)
    for number in range(1, MOST_LEFT):
        member.note_left(f"room:{number}", once)
    member.note_left("room:0", again)
    member.note_left("one more", once)

    assert member.begins("room:0", since) == again
    assert member.begins("room:1", since) == since
