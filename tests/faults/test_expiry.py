"""What is known of those who are there stays; see the soak for what goes."""

import os
import signal

import pytest

from tests.integration.serving import eventually

from .scene import Scene

SETTINGS = {
    "CONNECT_TIMEOUT_SECONDS": 2,
    "DISCONNECT_TIMEOUT_SECONDS": 2,
    "HISTORY_TTL_SECONDS": 1,
}


@pytest.fixture(scope="module")
def brief():
    with Scene(**SETTINGS) as scene:
        yield scene


def channels(browser, page):
    return browser.get("/channels", headers={"X-Realtime-Connection-Id": page}).json()


def until_a_page_that_never_connects_is_forgotten(scene):
    browser, page = scene.visit(scene.channel())
    eventually(lambda: not channels(browser, page))


def test_open_socket_outlives_all_timeouts(brief):
    """Its client is kept from expiring, with its subscriptions, and so are its channels."""
    channel = brief.channel()
    browser, page = brief.visit(channel)
    with browser.open(page, resume=True) as socket:
        socket.resume()
        brief.push_until_accepted("before", channel)
        first = socket.push()
        for _ in range(2):
            until_a_page_that_never_connects_is_forgotten(brief)

        known = channels(browser, page)
        brief.push_until_accepted("after", channel)
        second = socket.push()

        assert known == [channel]
        assert first["position"].split(":")[0] == second["position"].split(":")[0]
        assert second["position"].split(":")[1] == "2"


def test_socket_whose_process_stood_still_hears_of_subscriptions(brief):
    """A laptop that slept, or a container that was paused: what expired meanwhile is written
    again, with the subscriptions and the socket."""
    channel, new = brief.channel(), brief.channel()
    browser, page = brief.visit(channel)
    with browser.open(page, resume=True) as socket, brief.redis() as redis:
        socket.resume()
        pid = browser.get("/health").json()["pid"]
        os.kill(pid, signal.SIGSTOP)
        eventually(lambda: not list(redis.scan_iter(f"{brief.prefix}:client:*")))
        os.kill(pid, signal.SIGCONT)
        eventually(lambda: channels(browser, page) == [channel], 20)
        browser.get(f"/subscribe/{new}", headers={"X-Realtime-Connection-Id": page})
        brief.push_until_accepted("for both", new)

        assert socket.payloads(1) == ["for both"]
