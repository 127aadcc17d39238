"""Messages for some of a channel's listeners, and messages that no log keeps."""

import json

import pytest

from flask_realtime.protocol.publications import NOWHERE, Publication
from flask_realtime.protocol.routes import Route
from flask_realtime.registries.subscriptions import Subscriptions
from tests.eventually import DEADLINE

from ..logs import Ear
from .board import Board


@pytest.fixture
def board():
    return Board()


def test_delivery_delivers_an_addressed_message_to_its_client_alone(board):
    """A push to one client reaches all of its connections, and no other."""
    first, second, other = (board.put(Ear(digest)) for digest in ("d1", "d1", "d2"))

    board.push("for you", route=Route(to="d1"))
    board.push("for all")

    assert first.payloads == second.payloads == ["for you", "for all"]
    assert other.payloads == ["for all"]


def test_delivery_delivers_to_all_but_the_client_that_is_left_out(board):
    """The page that caused a change does not receive it; its later positions fit all the same."""
    author, other = board.put(Ear("d1")), board.put(Ear("d2"))

    board.push("for others", route=Route(but_for="d1"))
    board.push("for all")

    assert author.payloads == ["for all"]
    assert other.payloads == ["for others", "for all"]


def test_delivery_passes_on_what_stands_in_no_log(board):
    """An ephemeral message reaches connections that are up to date, and not those that are behind;
    nobody counts it as missing."""
    quick, slow = board.put(Ear("d1")), board.put(Ear("d2"))
    slow.has_backlog = True
    passing = Publication("room", NOWHERE, "", '"writing"')

    board.delivery.deliver(passing)
    board.push("hi")

    assert [json.loads(frame.plain[2:])["payload"] for frame in quick.frames] == ["writing", "hi"]
    assert "position" not in json.loads(quick.frames[0].plain[2:])
    assert slow.payloads == ["hi"]


def test_delivery_passes_on_what_stands_in_no_log_to_whom_it_concerns(board):
    """A page whispers. Every other page receives it, and not the page itself."""
    author, other = board.put(Ear("d1")), board.put(Ear("d2"))

    board.delivery.deliver(Publication("room", NOWHERE, "", "1", Route(but_for="d1")))

    assert (len(author.frames), len(other.frames)) == (0, 1)


def test_delivery_passes_nothing_on_to_who_has_left_a_paused_channel(board):
    """A page has left a channel whose log is yet to be read. It hears no whisper of the others."""
    gone, other = board.put(Ear("d1")), board.put(Ear("d2"))
    board.delivery.pause()
    assert board.hub.late_leaves.hold(gone, ["room"]) == {"room"}

    board.delivery.deliver(Publication("room", NOWHERE, "", '"writing"'))

    assert (len(gone.frames), len(other.frames)) == (0, 1)


def test_page_that_leaves_a_paused_channel_twice_hears_nothing_from_in_between(board):
    """A page leaves a channel whose log is yet to be read, comes again and leaves once more. It
    hears what was pushed before it left first."""
    gone = board.put(Ear("d1"))
    board.delivery.pause()
    farewell, between = board.log.append("farewell"), board.log.append("in between")
    for end in (farewell.position, between.position):
        left = Subscriptions(ends={"room": end})
        assert board.hub.late_leaves.postpone(gone, ["room"], left) == set()

    board.channel_catch_up.run(["room"], DEADLINE)

    assert gone.payloads == ["farewell"]


def test_page_that_leaves_a_paused_channel_here_hears_nothing_from_in_between(board):
    """A page leaves a channel whose log is yet to be read, and comes again unheard. It leaves once
    more by this process. It hears what was pushed before it left first."""
    gone = board.put(Ear("d1"))
    board.delivery.pause()
    farewell, between = board.log.append("farewell"), board.log.append("in between")
    first, second = [Subscriptions(ends={"room": one.position}) for one in (farewell, between)]
    board.hub.late_leaves.postpone(gone, ["room"], first)
    assert board.hub.late_leaves.hold(gone, ["room"]) == {"room"}
    board.hub.late_leaves.postpone(gone, ["room"], second)

    board.channel_catch_up.run(["room"], DEADLINE)

    assert gone.payloads == ["farewell"]


class Counted(str):
    """A digest that counts its comparisons."""

    compared = 0
    __hash__ = str.__hash__

    def __eq__(self, other):
        Counted.compared += 1
        return super().__eq__(other)


def test_delivery_finds_the_client_of_an_addressed_message_among_thousands(board, monkeypatch):
    """A message for one client takes no longer with thousands of listeners, because they are not
    all compared."""
    crowd = [Ear(Counted(f"d{number}")) for number in range(500)]
    for ear in crowd:
        board.hub.add(ear)
        board.hub.invite(ear, {"room": board.log.tail})
        board.hub.enter(ear)
    board.channel_catch_up.run(["room"], DEADLINE)
    for ear in crowd:
        board.hub.step(ear, "room", board.log.tail)
    Counted.compared = 0

    board.push("for you", Route(to="d77"))

    assert [ear.digest for ear in crowd if ear.payloads] == ["d77"]
    assert Counted.compared < 10
