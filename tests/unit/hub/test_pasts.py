"""Connections that begin some messages back."""

from __future__ import annotations

import pytest

from flask_realtime.protocol.starts import new_past
from flask_realtime.registries.subscriptions import Subscription

from ..logs import Ear
from .test_catchup import Shore


@pytest.fixture
def shore():
    shore = Shore()
    for number in range(1, 6):
        shore.room.append(number)
    return shore


def subscribed(log, back):
    """A subscription that begins so many messages before the log's tail."""
    begins = log.publications[-back].before
    return Subscription(log.tail, past=new_past(begins))


def come(shore, ear, one, at=None, report=None):
    """Bring the connection onto the channel, as its client is subscribed."""
    shore.hub.invite(ear, {"room": at or one.begins}, {"room": one})
    shore.catch_up.run(ear, report)


@pytest.fixture
def ear(shore):
    ear = Ear()
    shore.hub.add(ear)
    return ear


def test_connection_begins_with_the_last_messages_and_goes_on_live(shore, ear):
    """Those before it came, in order, and then what is pushed."""
    come(shore, ear, subscribed(shore.room, back=2))
    shore.delivery.deliver(shore.room.append("live"))

    assert ear.payloads == [4, 5, "live"]


def test_past_that_has_been_trimmed_meanwhile_is_no_loss(shore, ear):
    """A log that is written to fast drops what a page was to begin with before its socket opens:
    the page misses nothing that came since it was rendered, and is not told to reload."""
    one, reports = subscribed(shore.room, back=2), []
    shore.room.append("since")
    del shore.room.publications[:4]

    come(shore, ear, one, report=lambda lost, begins: reports.append((lost, begins)))

    assert reports == [([], {"room": one.since})]
    assert ear.payloads == ["since"]


def test_loss_of_what_came_since_is_told(shore, ear):
    """The log reaches back neither to the past nor to where the client subscribed."""
    one, reports = subscribed(shore.room, back=2), []
    for number in range(3):
        shore.room.append(number)
    del shore.room.publications[:7]

    come(shore, ear, one, report=lambda lost, begins: reports.append(lost))

    assert reports == [["room"]]
    assert ear.payloads == ["LOST"]


def test_loss_behind_a_position_that_the_client_named_is_told(shore, ear):
    """It has had its past, and was elsewhere when it went away."""
    one, reports = subscribed(shore.room, back=2), []
    named = shore.room.append("heard").position
    for number in range(3):
        shore.room.append(number)
    del shore.room.publications[:7]

    come(shore, ear, one, named, report=lambda lost, begins: reports.append((lost, begins)))

    assert reports == [(["room"], {"room": named})]


def test_rest_of_a_past_that_was_cut_off_is_no_loss(shore, ear):
    """The client had some of its older messages, and the log has dropped the others since."""
    one, reports = subscribed(shore.room, back=3), []
    named = shore.room.publications[2].position
    shore.room.append("since")
    del shore.room.publications[:4]

    come(shore, ear, one, named, report=lambda lost, begins: reports.append(lost))

    assert reports == [[]]
    assert ear.payloads == ["since"]


def test_connection_that_left_hears_the_last_messages_once_more(shore, ear):
    """Without a past it would go on behind what it has had."""
    come(shore, ear, subscribed(shore.room, back=2))
    shore.hub.leave(ear, ["room"])
    again = subscribed(shore.room, back=3)

    come(shore, ear, again)

    assert ear.payloads == [4, 5, 3, 4, 5]


def test_later_subscription_is_told_from_the_one_by_which_a_connection_came(shore, ear):
    """One who left and came again in one view was on the channel before and is on it now."""
    one = subscribed(shore.room, back=2)
    come(shore, ear, one)

    assert shore.hub.begun_anew(ear, {"room": one}) == set()
    assert shore.hub.begun_anew(ear, {"room": subscribed(shore.room, back=2)}) == {"room"}
    assert shore.hub.begun_anew(ear, {"hall": one}) == set()
    shore.hub.leave(ear, ["room"])
    assert shore.hub.begun_anew(ear, {"room": subscribed(shore.room, back=2)}) == set()
    shore.hub.remove(ear)
    assert shore.hub.begun_anew(ear, {"room": one}) == set()
