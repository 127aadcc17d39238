"""The connections of a process, and their positions on their channels."""

from flask_realtime.hub.members import MOST_BARRED, Member, Members
from flask_realtime.protocol.positions import Position
from flask_realtime.registries.subscriptions import MOST_LEFT

from ..logs import Ear


def test_one_that_leaves_ever_more_channels_is_known_on_the_last():
    """A connection joins and leaves channels for weeks. Only the last ones are remembered."""
    member = Member()
    left, since = Position("e", 9, "t"), Position("e", 1, "s")
    for number in range(MOST_LEFT + 1):
        member.note_left(f"room:{number}", left)

    assert member.begins("room:0", since) == since
    assert member.begins("room:1", since) == left
    assert member.begins(f"room:{MOST_LEFT}", since) == left


def test_one_that_leaves_a_channel_again_is_known_by_the_newer_time():
    """A channel that was joined and left again has the time of the later leave."""
    member = Member()
    since, once, again = (Position("e", seq, "t") for seq in (1, 2, 3))
    member.note_left("room:0", once)
    for number in range(1, MOST_LEFT):
        member.note_left(f"room:{number}", once)
    member.note_left("room:0", again)
    member.note_left("one more", once)

    assert member.begins("room:0", since) == again
    assert member.begins("room:1", since) == since


def test_one_that_leaves_ever_more_channels_is_barred_from_the_last():
    """A page leaves rooms that do not exist while Redis is away. Only the last ones take memory."""
    member = Member()
    for number in range(MOST_BARRED + 1):
        member.bar([f"room:{number}"])
    member.bar(f"row:{number}" for number in range(10))

    member.invite(dict.fromkeys(["room:10", "room:11", "row:0"], Position("e", 1, "t")), {})

    assert len(member.barred) == MOST_BARRED
    assert set(member.coming) == {"room:10"}


SESSION = "5" * 32
ONE, OTHER = "1" * 32 + SESSION, "2" * 32 + SESSION


def test_members_are_found_by_client_by_session_and_by_user():
    """A client may have several connections, a session several clients, and a user several
    sessions."""
    members = Members()
    first, second, third = Ear(ONE), Ear(ONE), Ear(OTHER, "42")
    elsewhere = Ear("3" * 64, "42")
    for ear in (first, second, third, elsewhere):
        members.add(ear)

    assert members.connections(ONE) == (first, second)
    assert members.of_session(SESSION) == (first, second, third)
    assert members.of_user("42") == (third, elsewhere)
    assert members.all() == [first, second, third, elsewhere]
    assert members.digests() == [ONE, OTHER, "3" * 64]
    assert members.connections("d9") == members.of_session("s9") == members.of_user("43") == ()


def test_member_that_has_gone_leaves_nothing_behind():
    """A client that has gone leaves no entry."""
    members = Members()
    first, second = Ear(ONE, "42"), Ear(ONE, "42")
    for ear in (first, second):
        members.add(ear)
    stood = members.get(first)

    popped = [members.pop(ear) for ear in (first, first)]
    left = members.connections(ONE), members.of_session(SESSION), members.of_user("42")
    members.pop(second)

    assert popped == [stood, None]
    assert left == ((second,), (second,), (second,))
    assert members.all() == members.digests() == []
    assert members.connections(ONE) == members.of_session(SESSION) == members.of_user("42") == ()


def test_member_whose_session_has_one_name_twice_can_go():
    """A session may have the same name by two secret keys, if one is a text and the other one the
    bytes of it."""
    members = Members()
    ear = Ear(ONE)

    members.add(ear, (SESSION, "6" * 32, "6" * 32))
    found = members.of_session(SESSION), members.of_session("6" * 32)
    members.pop(ear)

    assert found == ((ear,), (ear,))
    assert members.of_session(SESSION) == members.of_session("6" * 32) == ()
