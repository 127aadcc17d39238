"""Connections whose subscriptions begin some messages back (``last=``)."""

from __future__ import annotations

import pytest

from flask_realtime.protocol.starts import new_past
from flask_realtime.registries.subscriptions import Subscription

from ..logs import Ear
from .test_connection_catch_up import Shore


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
    """A connection gets the last messages before its subscription in order, and then new pushes."""
    come(shore, ear, subscribed(shore.room, back=2))
    shore.delivery.deliver(shore.room.append("live"))

    assert ear.payloads == [4, 5, "live"]


def test_past_that_has_been_trimmed_meanwhile_is_no_loss(shore, ear):
    """The log drops messages with which a page was to begin, before its socket opens. The page
    misses nothing since its rendering, and is not told to reload."""
    one, reports = subscribed(shore.room, back=2), []
    shore.room.append("since")
    del shore.room.publications[:4]

    come(shore, ear, one, report=lambda lost, begins: reports.append((lost, begins)))

    assert reports == [([], {"room": one.since})]
    assert ear.payloads == ["since"]


def test_loss_of_what_came_since_is_told(shore, ear):
    """The log does not even reach back to the subscription, so the page is told of a loss."""
    one, reports = subscribed(shore.room, back=2), []
    for number in range(3):
        shore.room.append(number)
    del shore.room.publications[:7]

    come(shore, ear, one, report=lambda lost, begins: reports.append(lost))

    assert reports == [["room"]]
    assert ear.payloads == ["LOST"]


def test_loss_behind_a_position_that_the_client_named_is_told(shore, ear):
    """A client resumes from a position that the log has dropped. It is told of the loss."""
    one, reports = subscribed(shore.room, back=2), []
    named = shore.room.append("heard").position
    for number in range(3):
        shore.room.append(number)
    del shore.room.publications[:7]

    come(shore, ear, one, named, report=lambda lost, begins: reports.append((lost, begins)))

    assert reports == [(["room"], {"room": named})]


def test_rest_of_a_past_that_was_cut_off_is_no_loss(shore, ear):
    """A client got some of its older messages, and the log has dropped the others. That is no
    loss."""
    one, reports = subscribed(shore.room, back=3), []
    named = shore.room.publications[2].position
    shore.room.append("since")
    del shore.room.publications[:4]

    come(shore, ear, one, named, report=lambda lost, begins: reports.append(lost))

    assert reports == [[]]
    assert ear.payloads == ["since"]


def test_connection_that_left_hears_the_last_messages_once_more(shore, ear):
    """A connection leaves and subscribes again with last=. It gets the last messages once more."""
    come(shore, ear, subscribed(shore.room, back=2))
    shore.hub.leave(ear, ["room"])
    again = subscribed(shore.room, back=3)

    come(shore, ear, again)

    assert ear.payloads == [4, 5, 3, 4, 5]


def test_later_subscription_is_told_from_the_one_by_which_a_connection_came(shore, ear):
    """A view unsubscribes and subscribes a page again. The hub takes that as a new subscription."""
    one = subscribed(shore.room, back=2)
    come(shore, ear, one)

    assert shore.hub.begun_anew(ear, {"room": one}) == set()
    assert shore.hub.begun_anew(ear, {"room": subscribed(shore.room, back=2)}) == {"room"}
    assert shore.hub.begun_anew(ear, {"hall": one}) == set()
    shore.hub.leave(ear, ["room"])
    assert shore.hub.begun_anew(ear, {"room": subscribed(shore.room, back=2)}) == set()
    shore.hub.remove(ear)
    assert shore.hub.begun_anew(ear, {"room": one}) == set()
