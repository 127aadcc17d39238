"""Redis restarts with its data, without its data, or with older data."""

import pytest

from tests.eventually import eventually

from .pages import acts_as, channels, heard_until, said
from .scene import Scene


def position_of(push):
    return {push["channel"]: push["position"]}


def come_and_go(scene, channel):
    """Have a page hear 1 and close its socket.

    :returns: the browser, the page's connection id, and the push that it heard.
    """
    browser, page = scene.visit(channel)
    with browser.open(page, resume=True) as socket:
        socket.resume()
        scene.push_until_accepted(1, channel)
        return browser, page, socket.push()


def test_restart_with_its_data_loses_nothing():
    """After a crash of a Redis with an append-only file, nobody misses anything, and nobody is told
    so."""
    with Scene(keeps=True) as scene:
        here, there = scene.channel(), scene.channel()
        browser, away, last = come_and_go(scene, there)
        with scene.listen(here) as socket:
            scene.push_until_accepted(1, here)
            scene.push_until_accepted(2, there)
            scene.store.restart()
            scene.push_until_accepted(2, here)
            scene.push_until_accepted(3, there)

            assert socket.payloads(2) == [1, 2]
        with browser.open(away, resume=True) as socket:
            reply = socket.resume(position_of(last))

            assert (reply["known"], reply["lost"]) == (True, [])
            assert socket.payloads(2) == [2, 3]


def test_restart_without_its_data_is_told():
    """After Redis lost its data, open sockets and clients that come back are told that messages are
    lost."""
    with Scene() as scene:
        here, there = scene.channel(), scene.channel()
        browser, away, last = come_and_go(scene, there)
        browser_here, page = scene.visit(here, there)
        with browser_here.open(page, resume=True) as socket:
            socket.resume(position_of(last))
            scene.push_until_accepted(1, here)
            assert socket.payloads(1) == [1]
            scene.store.restart_empty()
            told = {socket.push()["channel"] for _ in range(2)}
            eventually(lambda: channels(browser_here, page) == sorted([here, there]))
            scene.push_until_accepted(2, here)
            scene.push_until_accepted(2, there)

            assert told == {here, there}
            assert socket.payloads(2) == [2, 2]
        with browser.open(away, resume=True) as socket:
            reply = socket.resume(position_of(last))

            assert (reply["known"], reply["lost"]) == (False, [there])


@pytest.fixture(scope="module")
def older():
    """A scene whose Valkey goes back to older snapshots."""
    with Scene() as scene:
        yield scene


def test_log_that_went_back_is_told(older):
    """When a log went back, everyone who had a message that is gone is told, no one else is, and a
    number that is used again is no repeat."""
    channel = older.channel()
    browser, behind, first = come_and_go(older, channel)
    older.store.take_snapshot()
    with older.listen(channel) as listener:
        older.push_until_accepted("gone", channel)
        older.push_until_accepted("gone too", channel)
        gone = [listener.push() for _ in range(2)][1]
        older.store.go_back()
        # If this is accepted before the process knows that Redis went back, it counts as lost too.
        older.push_until_accepted("new", channel)

        told = listener.push()
        older.push_until_accepted("newer", channel)
        heard = heard_until(listener, "newer")
    with browser.open(behind, resume=True) as socket:
        reply = socket.resume(position_of(gone))

        assert told["lost"]
        assert heard in (["new", "newer"], ["newer"])
        assert reply["lost"] == [channel]
    with browser.open(behind, resume=True) as socket:
        # The log has a new epoch, because the process knew a newer position than Redis.
        assert socket.resume(position_of(first))["lost"] == [channel]


@pytest.mark.parametrize("pushed_next", ["on that channel", "on another"])
def test_push_that_no_process_heard_is_told_as_lost(older, pushed_next):
    """A message that only Redis and its publisher knew is reported as lost after Redis went back:
    the publisher finds it out with its next push."""
    channel, another = older.channel(), older.channel()
    with older.listen(channel) as socket:
        older.elsewhere.push("heard", channel)
        assert socket.payloads(1) == ["heard"]
        older.store.take_snapshot()
        older.tunnel.freeze()
        older.elsewhere.push("lost", channel)
        older.store.go_back()
        older.tunnel.cut()
        older.tunnel.thaw()
        eventually(older.is_listening)

        older.elsewhere.push("next", channel if pushed_next == "on that channel" else another)

        assert socket.push()["lost"]
        older.push_until_accepted("after", channel)
        assert heard_until(socket, "after") in (["after"], ["next", "after"])


def test_subscriptions_that_went_back_are_written_again(older):
    """When Redis went back, an open socket keeps what its page subscribed to and left since the
    snapshot."""
    kept, left, new = (older.channel() for _ in range(3))
    browser, page = older.visit(kept, left)
    with browser.open(page, resume=True) as socket:
        socket.resume()
        older.store.take_snapshot()
        # In this order: the server has read of both once it hands on a push to the new channel.
        browser.get(f"/unsubscribe/{left}", headers=acts_as(page))
        browser.get(f"/subscribe/{new}", headers=acts_as(page))
        older.push_until_accepted("before", new)
        assert socket.payloads(1) == ["before"]
        older.store.go_back()
        eventually(lambda: channels(browser, page) == sorted([kept, new]))
        # The channel's log is gone; a push before the page is told would count as lost too.
        heard_until(socket, (new, "lost"))
        for channel in (left, kept, new):
            older.push_until_accepted(f"on {channel}", channel)

        assert said(socket, 2) == sorted(f"on {one}" for one in (kept, new))


def test_plain_client_gets_repeats_at_most(older):
    """When Redis went back, a client that never resumes may get messages twice, but misses none."""
    channel = older.channel()
    browser, page = older.visit(channel)
    with browser.open(page) as socket:
        older.push_until_accepted(1, channel)
        assert socket.payloads(1) == [1]
    older.store.take_snapshot()
    with browser.open(page) as socket:
        older.push_until_accepted(2, channel)
        assert socket.payloads(1)[-1] in (1, 2)
        older.store.go_back()
        # If this is accepted before the process knows that Redis went back, it counts as lost too.
        older.push_until_accepted(3, channel)
        told = heard_until(socket, (channel, "lost"))
        older.push_until_accepted(4, channel)
        heard = heard_until(socket, 4)
    with browser.open(page) as socket:
        older.push_until_accepted(5, channel)
        again = heard_until(socket, 5)

    assert set(told) <= {2, (channel, "lost")}
    assert heard in ([4], [3, 4])
    assert [one for one in again if one != (channel, "lost")] in ([5], [4, 5], [3, 4, 5])


def test_socket_that_redis_forgot_hears_of_subscriptions(older):
    """A socket that opened after the snapshot is put back on its client's list, and hears of new
    subscriptions."""
    channel, new = older.channel(), older.channel()
    browser, page = older.visit(channel)
    older.store.take_snapshot()
    with browser.open(page) as socket:
        older.push_until_accepted(1, channel)
        assert socket.payloads(1) == [1]
        older.store.go_back()
        heard_until(socket, (channel, "lost"))
        browser.get(f"/subscribe/{new}", headers=acts_as(page))
        older.push_until_accepted(2, new)

        assert heard_until(socket, 2) == [2]
