"""The link to Redis breaks in every way there is, and no process has to be restarted."""

import pytest
from requests import HTTPError
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.eventually import DEADLINE, eventually
from tests.integration.browsers import Browser

from .scene import Scene

NUMBERS = list(range(1, 21))


def push_elsewhere(scene, channel):
    for number in NUMBERS:
        scene.elsewhere.push(number, channel)


def hears_new_channels(scene):
    """Return whether a new page with a new channel can connect and hears a push."""
    channel = scene.channel()
    try:
        browser, page = scene.visit(channel)
        with browser.open(page, resume=True) as socket:
            # A page that could not be subscribed is rendered all the same, and would reload now.
            if not socket.resume()["known"]:
                return False
            scene.push_until_accepted("new", channel)
            return socket.payloads(1) == ["new"]
    except (HTTPError, InvalidStatus, ConnectionClosed):
        return False


@pytest.mark.parametrize("fault", ["cut", "client kill"])
def test_link_that_breaks_is_noticed_at_once(scene, fault):
    """What is pushed while a link is broken is read from the log, in order and once."""
    channel = scene.channel()
    with scene.listen(channel) as socket:
        scene.tunnel.freeze()
        push_elsewhere(scene, channel)
        if fault == "cut":
            scene.tunnel.cut()
        else:
            scene.store.kill_clients()
        scene.tunnel.thaw()

        heard = socket.payloads(len(NUMBERS))
        scene.push_until_accepted("after", channel)

        assert heard == NUMBERS
        assert socket.payloads(1) == ["after"]
        socket.settle()


@pytest.mark.parametrize("ways", [("up", "down"), ("up",), ("down",)], ids="-and-".join)
def test_half_open_link_is_noticed_within_seconds(scene, ways):
    """A link on which packets vanish, in one direction or in both, is replaced, and nothing is
    missed."""
    channel = scene.channel()
    with scene.listen(channel) as socket:
        scene.tunnel.swallow(ways)
        push_elsewhere(scene, channel)

        heard = socket.payloads(len(NUMBERS))
        scene.push_until_accepted("after", channel)

        assert heard == NUMBERS
        assert socket.payloads(1) == ["after"]
        eventually(lambda: hears_new_channels(scene))


def test_link_on_which_only_what_is_sent_vanishes_is_noticed():
    """A process whose commands vanish connects anew, even before its first probe."""
    with Scene() as scene, scene.listen(scene.channel()):
        scene.tunnel.swallow(("up",))

        eventually(lambda: hears_new_channels(scene))


@pytest.mark.parametrize("kind", ["gevent", "gthread"])
def test_silence_of_redis_stops_nothing_else(kind):
    """While Redis says nothing, pushes fail in time, pages are rendered all the same, everything
    else goes on, and the process says that it does not listen; all is well when Redis speaks
    again."""
    options = ("--threads", "20") if kind == "gthread" else ()
    with Scene(kind, options=options) as scene:
        channel = scene.channel()
        with scene.listen(channel) as socket:
            scene.tunnel.freeze()
            refused = scene.push("in vain", channel)
            stranger = Browser(scene.server.url).http
            subscribing = stranger.get(f"{scene.server.url}/page/{channel}", timeout=DEADLINE)
            push_elsewhere(scene, channel)

            def is_deaf():
                assert scene.says_hello()
                socket.settle()
                return not scene.is_listening()

            eventually(is_deaf)
            scene.tunnel.thaw()
            scene.push_until_accepted("after", channel)
            heard = list(iter(lambda: socket.payloads(1)[0], "after"))

            assert (refused.status_code, subscribing.status_code) == (503, 200)
            assert refused.json()["push_id"]
            # The push that timed out may have been accepted.
            assert [one for one in heard if one != "in vain"] == NUMBERS
