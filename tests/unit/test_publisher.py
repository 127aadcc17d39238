"""A publisher, before it has anything to do with Redis."""

import datetime

import pytest

from flask_realtime import InvalidChannel, InvalidSetting, Publisher


@pytest.fixture
def publisher(redis_url):
    with Publisher(redis_url, prefix="unit-publisher") as publisher:
        yield publisher


def test_publisher_refuses_what_it_cannot_use(publisher):
    """A bad address is refused by the publisher, a bad channel by the push."""
    for address in (None, "", "localhost:6379", 6379):
        with pytest.raises(InvalidSetting):
            Publisher(address)
    with pytest.raises(InvalidSetting, match="TIMEOUT"):
        Publisher("redis://localhost", timeout=0)
    with pytest.raises(InvalidChannel):
        publisher.push("hi")
    with pytest.raises(InvalidChannel):
        publisher.push("hi", "")


@pytest.mark.parametrize(
    "message", [float("nan"), object()], ids=["no JSON", "nothing Flask encodes"]
)
def test_publisher_refuses_a_message_that_is_no_json(publisher, message):
    """Before it asks Redis for anything, whichever way the message goes."""
    for push in (
        lambda: publisher.push(message, "room"),
        lambda: publisher.push_many([(message, "room")]),
        lambda: publisher.push_to("d" * 64, message, "room"),
    ):
        with pytest.raises((TypeError, ValueError)):
            push()


def test_publisher_takes_what_flask_encodes(publisher):
    """Dates for example; nothing to push is no error."""
    publisher.push({"on": datetime.date(2026, 1, 2)}, "room")
    publisher.push_many([])


def test_publisher_refuses_what_are_no_pairs(publisher):
    """As an app does."""
    with pytest.raises(TypeError, match="pairs of a message and its channel"):
        publisher.push_many({"a": 1})
