"""Redis restarts: with its data, without, and with older data."""

import pytest

from tests.eventually import eventually

from .pages import acts_as, channels, heard_until, said
from .scene import Scene


def position_of(push):
    return {push["channel"]: push["position"]}


def come_and_go(scene, channel):
    """A browser, a page of its that has heard 1 and closed its socket, and what it heard."""
    browser, page = scene.visit(channel)
    with browser.open(page, resume=True) as socket:
        socket.resume()
        scene.push_until_accepted(1, channel)
        return browser, page, socket.push()


def test_restart_with_its_data_loses_nothing():
    """Killed, and back with an append-only file: nobody misses anything, or is told so."""
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
    """Every open socket is told what is lost and goes on; so is a client that was away."""
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
    """A scene, whose Valkey will go back to its snapshots."""
    with Scene() as scene:
        yield scene


def test_log_that_went_back_is_told(older):
    """Who had what is gone now is told, at its socket or when it comes back; who had not, is
    not; and a number that is given a second time is no repeat."""
    channel = older.channel()
    browser, behind, first = come_and_go(older, channel)
    older.store.take_snapshot()
    with older.listen(channel) as listener:
        older.push_until_accepted("gone", channel)
        older.push_until_accepted("gone too", channel)
        gone = [listener.push() for _ in range(2)][1]
        older.store.go_back()
        # Accepted before the process has seen what happened, it is among what is lost.
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
        # Its log has a new epoch: the process knew better than Redis.
        assert socket.resume(position_of(first))["lost"] == [channel]


@pytest.mark.parametrize("pushed_next", ["on that channel", "on another"])
def test_push_that_no_process_heard_is_told_as_lost(older, pushed_next):
    """The process of the page heard nothing of Redis then, nor does a job that pushes; the job
    finds with its next push that Redis went back."""
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
    """An open socket keeps what its page subscribed to, and what it left, after the snapshot."""
    kept, left, new = (older.channel() for _ in range(3))
    browser, page = older.visit(kept, left)
    with browser.open(page, resume=True) as socket:
        socket.resume()
        older.store.take_snapshot()
        browser.get(f"/subscribe/{new}", headers=acts_as(page))
        browser.get(f"/unsubscribe/{left}", headers=acts_as(page))
        older.push_until_accepted("before", new)
        assert socket.payloads(1) == ["before"]
        older.store.go_back()
        eventually(lambda: channels(browser, page) == sorted([kept, new]))
        # Of its log nothing is left; what is pushed before would be lost with it.
        heard_until(socket, (new, "lost"))
        for channel in (left, kept, new):
            older.push_until_accepted(f"on {channel}", channel)

        assert said(socket, 2) == sorted(f"on {one}" for one in (kept, new))


def test_plain_client_gets_repeats_at_most(older):
    """One that never resumes begins where Redis knows that it was, and has no hole."""
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
        # Accepted before the process has seen what happened, it is among what is lost.
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
    """One that came after the snapshot is put back on its client's list of sockets."""
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
