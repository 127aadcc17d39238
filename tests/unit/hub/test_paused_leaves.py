"""Who leaves a channel that is paused, and behind which position."""

import pytest

from flask_realtime.hub.paused_leaves import PausedLeaves
from flask_realtime.protocol.positions import Position

from ..logs import Ear

THIRD = Position("e1", 3, "c")


@pytest.fixture
def paused_leaves():
    return PausedLeaves()


def test_one_leaves_as_soon_as_the_channel_has_come_so_far(paused_leaves):
    """A connection leaves behind the third message: it hears that, and not the fourth."""
    ear = Ear("d1")
    paused_leaves.note(ear, "a", THIRD)

    assert paused_leaves.due("a", Position("e1", 2, "b")) == []
    assert paused_leaves.due("a", THIRD) == [ear]
    assert paused_leaves.due("a", Position("e1", 4, "d")) == [ear]
    assert paused_leaves.due("a", Position("another", 1, "x")) == [ear]
    assert paused_leaves.due("b", THIRD) == []


def test_one_whose_place_is_not_known_leaves_at_the_end(paused_leaves):
    """Nobody knows where a connection left a channel. It leaves when the channel goes live."""
    ear = Ear("d1")
    paused_leaves.note(ear, "a", None)

    assert paused_leaves.due("a", THIRD) == []
    assert paused_leaves.due("a", None) == [ear]


def test_one_that_has_left_leaves_no_more(paused_leaves):
    """A connection that is off the channel, for whatever reason, is forgotten."""
    one, other = Ear("d1"), Ear("d2")
    paused_leaves.note(one, "a", THIRD)
    paused_leaves.note(other, "a", THIRD)

    paused_leaves.forget("a", one)
    paused_leaves.forget("b", one)

    assert paused_leaves.due("a", None) == [other]
    assert not paused_leaves.has(one, "a")
    assert paused_leaves.has(other, "a")
