"""What belongs to open sockets does not expire; see soak.py for what must expire."""

import os
import signal

import pytest

from tests.eventually import eventually

from .pages import acts_as, channels
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


def until_a_page_that_never_connects_is_forgotten(scene):
    browser, page = scene.visit(scene.channel())
    eventually(lambda: not channels(browser, page))


def test_open_socket_outlives_all_timeouts(brief):
    """The client of an open socket, its subscriptions and its channels never expire."""
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
    """When a process was stopped for so long that its clients expired, it writes them again, with
    their subscriptions and connections."""
    channel, new = brief.channel(), brief.channel()
    browser, page = brief.visit(channel)
    with browser.open(page, resume=True) as socket, brief.redis() as redis:
        socket.resume()
        pid = browser.get("/health").json()["pid"]
        os.kill(pid, signal.SIGSTOP)
        eventually(lambda: not list(redis.scan_iter(f"{brief.prefix}:client:*")))
        os.kill(pid, signal.SIGCONT)
        # The browser's idle connections are closed, because the server has closed them already.
        browser.http.close()
        eventually(lambda: channels(browser, page) == [channel])
        browser.get(f"/subscribe/{new}", headers=acts_as(page))
        brief.push_until_accepted("for both", new)

        assert socket.payloads(1) == ["for both"]


def test_open_sockets_outlive_a_redis_out_of_memory(brief):
    """A Redis without memory keeps the clients of open sockets from expiring all the same."""
    channel = brief.channel()
    browser, page = brief.visit(channel)
    with browser.open(page, resume=True) as socket, brief.redis() as redis:
        socket.resume()
        redis.set("the clock", "ticks", ex=4)
        redis.config_set("maxmemory", 1)
        eventually(lambda: not redis.exists("the clock"))

        known = channels(browser, page)
        redis.config_set("maxmemory", 0)

        assert known == [channel]


def test_patterns_find_what_a_publisher_pushed_to_first(brief):
    """A pattern reaches a channel that a publisher began, although the publisher does not know the
    app's timeouts."""
    listed, other = brief.channel(), brief.channel()
    brief.elsewhere.push("first", listed)
    with brief.listen(listed) as socket, brief.redis() as redis:
        brief.visit(other)
        redis.set("the clock", "ticks", ex=5)
        eventually(lambda: not redis.exists("the clock"))

        brief.elsewhere.push("to all", pattern="channel-*")

        assert socket.payloads(1) == ["to all"]
