"""A Publisher before it uses Redis."""

import datetime

import pytest

from flask_realtime import InvalidChannel, InvalidSetting, Publisher, RegistryUnavailable

from ..eventually import DEADLINE


@pytest.fixture
def publisher(redis_url):
    with Publisher(redis_url, prefix="unit-publisher", timeout=DEADLINE) as publisher:
        yield publisher


def test_publisher_refuses_what_it_cannot_use(publisher):
    """A bad argument is an error that names it where a publisher is made, and a bad channel one at
    the push."""
    for address in (None, "", "localhost:6379", 6379):
        with pytest.raises(InvalidSetting, match=r"^redis_url is "):
            Publisher(address)
    with pytest.raises(InvalidSetting, match=r"^prefix is "):
        Publisher("redis://localhost", prefix="two words")
    with pytest.raises(InvalidSetting, match=r"^timeout is 0"):
        Publisher("redis://localhost", timeout=0)
    with pytest.raises(InvalidChannel):
        publisher.push("hi")
    with pytest.raises(InvalidChannel):
        publisher.push("hi", "")


@pytest.mark.parametrize(
    "message", [float("nan"), object()], ids=["no JSON", "nothing Flask encodes"]
)
def test_publisher_refuses_a_message_that_is_no_json(publisher, message):
    """A message that cannot be encoded is an error before Redis is asked, by each kind of push."""
    for push in (
        lambda: publisher.push(message, "room"),
        lambda: publisher.push_many([(message, "room")]),
        lambda: publisher.push_to("d" * 64, message, "room"),
    ):
        with pytest.raises((TypeError, ValueError)):
            push()


def test_publisher_takes_what_flask_encodes(publisher):
    """Dates, for example, are encoded as Flask does; an empty list of pushes is no error."""
    publisher.push({"on": datetime.date(2026, 1, 2)}, "room")
    publisher.push_many([])


def test_publisher_refuses_what_are_no_pairs(publisher):
    """push_many() refuses what is not a pair, as in an app."""
    with pytest.raises(TypeError, match="pairs of a message and its channel"):
        publisher.push_many({"a": 1})


def test_publisher_that_was_closed_says_so(redis_url):
    """A push behind the with block is refused at once, and the error names the reason."""
    with Publisher(redis_url, prefix="unit-publisher", timeout=DEADLINE) as publisher:
        publisher.push("hi", "room")

    with pytest.raises(RegistryUnavailable, match="with block has ended"):
        publisher.push("hi", "room")
