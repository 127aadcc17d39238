"""A page that leaves a channel over its socket hears nothing of it behind the reply."""

import base64
import random

import pytest

from flask_realtime.protocol.messages import SPEAKS_OF_LEAVING

from ...eventually import eventually
from ..handshakes import Page

# Takes some milliseconds to be deflated.
NOISE = base64.b64encode(random.Random(1).randbytes(300_000)).decode()


@pytest.fixture
def heard(heard_anywhere):
    heard = heard_anywhere
    heard.realtime.handler("leave")(lambda name: heard.realtime.socket.unsubscribe(name))
    heard.realtime.handler("part")(lambda name: part(heard.realtime, name))
    heard.realtime.handler("part at length")(lambda name: part(heard.realtime, name, NOISE))
    return heard


def part(realtime, name, farewell="farewell"):
    realtime.push(farewell, name)
    realtime.socket.unsubscribe(name)


@pytest.fixture
def page(heard):
    with Page(heard.node, deflates=True) as page:
        heard.node.registry.subscribe(page.connection.digest, ["left", "kept"])
        eventually(lambda: heard.node.is_heard("left") and heard.node.is_heard("kept"))
        yield page


def test_nothing_of_a_channel_follows_the_reply_by_which_it_was_left(heard, page, monkeypatch):
    """A page leaves a channel, and something is pushed there in the moment of the reply, before
    the process has read what the page is subscribed to. The page does not hear it."""
    catch_up = heard.node._reconciler._client_catch_up
    read = []
    monkeypatch.setattr(catch_up, "_apply", read.append)

    page.say("leave", data="left")
    reply = page.receive()
    with heard.node.app.app_context():
        heard.realtime.push("too late", "left")
        heard.realtime.push("for us", "kept")

    assert reply["status"] == 204
    assert page.receive_payloads(1) == ["for us"]


def test_channel_that_is_joined_as_soon_as_it_was_left_is_heard(heard, page):
    """A page leaves a channel and is subscribed to it again at once. It hears what is pushed from
    then on, once."""
    page.say("leave", data="left")
    page.receive()
    heard.node.registry.subscribe(page.connection.digest, ["left"])
    with heard.node.app.app_context():
        for number in range(3):
            heard.realtime.push(number, "left")

    assert page.receive_payloads(3) == [0, 1, 2]


def wait_until_live(heard, page):
    positions = heard.node._hub._members.get(page.connection).positions
    eventually(lambda: positions.get("left", "not yet") is None)


def test_page_hears_what_was_pushed_before_it_left(heard, page):
    """A handler pushes a farewell to a channel that a page hears live, and then takes the page off
    it. The page hears the farewell, though that may not have been delivered yet when it left."""
    wait_until_live(heard, page)

    page.say("part", data="left")
    page.say("echo", data="all")

    messages = [page.receive() for _ in range(3)]
    assert [one.get("payload", one.get("body")) for one in messages] == ["farewell", "", "all"]


def test_reply_does_not_overtake_what_was_pushed_before_the_page_left(heard, page):
    """A handler pushes a farewell that takes a while to be written, and takes the page off the
    channel. The page hears the farewell, then that it has left, and then the reply."""
    wait_until_live(heard, page)
    page.connection.speaks = SPEAKS_OF_LEAVING

    page.say("part at length", data="left")

    farewell, left, reply = [page.receive() for _ in range(3)]
    assert farewell.get("payload") == NOISE
    assert left == {"channel": "left", "left": True}
    assert reply["status"] == 204
