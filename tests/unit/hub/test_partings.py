"""Who leaves a channel that is paused, and behind which position."""

import pytest

from flask_realtime.hub.partings import Partings
from flask_realtime.protocol.positions import Position

from ..logs import Ear

THIRD = Position("e1", 3, "c")


@pytest.fixture
def partings():
    return Partings()


def test_one_leaves_as_soon_as_the_channel_has_come_so_far(partings):
    """A connection leaves behind the third message: it hears that, and not the fourth."""
    ear = Ear("d1")
    partings.note(ear, "a", THIRD)

    assert partings.due("a", Position("e1", 2, "b")) == []
    assert partings.due("a", THIRD) == [ear]
    assert partings.due("a", Position("e1", 4, "d")) == [ear]
    assert partings.due("a", Position("another", 1, "x")) == [ear]
    assert partings.due("b", THIRD) == []


def test_one_whose_place_is_not_known_leaves_at_the_end(partings):
    """Nobody knows where a connection left a channel. It leaves when the channel goes live."""
    ear = Ear("d1")
    partings.note(ear, "a", None)

    assert partings.due("a", THIRD) == []
    assert partings.due("a", None) == [ear]


def test_one_that_has_left_leaves_no_more(partings):
    """A connection that is off the channel, for whatever reason, is forgotten."""
    one, other = Ear("d1"), Ear("d2")
    partings.note(one, "a", THIRD)
    partings.note(other, "a", THIRD)

    partings.forget("a", one)
    partings.forget("b", one)

    assert partings.due("a", None) == [other]
    assert not partings.has(one, "a")
    assert partings.has(other, "a")
