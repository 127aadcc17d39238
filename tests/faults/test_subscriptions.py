"""A page's subscriptions, when one process, another process and Redis disagree about them."""

import pytest

from tests.eventually import DEADLINE, eventually
from tests.integration.browsers import Browser

from .pages import acts_as, channels, heard_until, said
from .scene import Scene


@pytest.fixture(scope="module")
def first():
    with Scene() as scene:
        yield scene


@pytest.fixture(scope="module")
def second(first):
    with Scene(store=first.store, REDIS_PREFIX=first.prefix) as scene:
        yield scene


def ask(browser, scene, path, page):
    """Ask a view in the process of *scene* again and again until it succeeds."""

    def succeeds():
        answer = browser.http.get(scene.server.url + path, headers=acts_as(page), timeout=DEADLINE)
        return answer.status_code == 204

    eventually(succeeds)


def health(scene):
    return Browser(scene.server.url).get("/health").json()


def open_at(scene, browser, page, **options):
    """Open a socket of the page at the server of *scene*."""
    return browser.open(page, url=scene.server.url, **options)


def until_told_of_loss(channel, *sockets):
    """Wait until each of *sockets* is told that messages of *channel* were lost.

    What is pushed before the page is told so counts as lost, too.
    """
    for socket in sockets:
        heard_until(socket, (channel, "lost"))


def test_subscription_that_is_written_again_reaches_a_socket_elsewhere(first, second):
    """When Redis went back, a subscription that the first process writes again also reaches a new
    socket of the page in the second process."""
    kept, late = first.channel(), first.channel()
    first.visit(late)
    browser, page = first.visit(kept)
    with browser.open(page, resume=True) as old:
        old.resume()
        first.store.take_snapshot()
        before = health(first)["channels"]
        ask(browser, first, f"/subscribe/{late}", page)
        eventually(lambda: health(first)["channels"] > before)
        # Its reply comes after the socket's worker has entered the channel.
        old.ask("sleep", seconds=0)
        first.tunnel.freeze()
        second.store.go_back()
        with open_at(second, browser, page, resume=True) as new:
            new.resume()
            first.tunnel.cut()
            first.tunnel.thaw()
            eventually(lambda: late in channels(browser, page))
            second.push_until_accepted("to both", late)

            assert old.payloads(1) == new.payloads(1) == ["to both"]


def test_changes_elsewhere_count_when_redis_has_gone_back(first, second):
    """When Redis went back, subscriptions that the first process writes again do not undo what the
    page changed in the second process meanwhile."""
    kept, left, undone, late, new, newer = (first.channel() for _ in range(6))
    browser, page = first.visit(kept, undone)
    with browser.open(page, resume=True) as socket:
        socket.resume()
        first.store.take_snapshot()
        ask(browser, first, f"/unsubscribe/{undone}", page)
        ask(browser, first, f"/subscribe/{late},{left}", page)
        # The message was heard, so this process knows of all three changes; soon no one else does.
        first.push_until_accepted("before", late)
        assert socket.payloads(1) == ["before"]
        first.tunnel.freeze()
        second.store.go_back()
        for path in (f"/unsubscribe/{left}", f"/subscribe/{new}", f"/subscribe/{newer}"):
            ask(browser, second, path, page)
        first.tunnel.cut()
        first.tunnel.thaw()
        expected = [kept, late, new, newer]
        eventually(lambda: channels(browser, page) == sorted(expected))
        until_told_of_loss(late, socket)
        for channel in (left, undone, *expected):
            second.push_until_accepted(f"on {channel}", channel)

        assert said(socket, len(expected)) == sorted(f"on {one}" for one in expected)


def test_what_is_written_again_stands_beside_what_is_new(first, second):
    """When Redis lost its data, subscriptions that the first process writes again are added to what
    the page subscribed to in the second process meanwhile."""
    kept, new = first.channel(), first.channel()
    browser, page = first.visit(kept)
    with browser.open(page, resume=True) as old:
        old.resume()
        first.tunnel.freeze()
        second.store.restart_empty()
        ask(browser, second, f"/subscribe/{new}", page)
        with open_at(second, browser, page, resume=True) as socket:
            socket.resume()
            first.tunnel.cut()
            first.tunnel.thaw()
            eventually(lambda: channels(browser, page) == sorted([kept, new]))
            until_told_of_loss(kept, old, socket)
            for channel in (kept, new):
                second.push_until_accepted(f"on {channel}", channel)

            assert said(old, 2) == said(socket, 2) == sorted([f"on {kept}", f"on {new}"])
            assert channels(browser, page) == sorted([kept, new])


def test_what_was_known_at_the_handshake_outlasts_a_loss_before_the_resume(first, second):
    """When Redis loses its data between handshake and resume, the page keeps its subscriptions, and
    those that it made meanwhile."""
    kept, new = first.channel(), first.channel()
    browser, page = first.visit(kept)
    with browser.open(page, resume=True) as socket:
        failed = first.lost_links()
        first.store.restart_empty()
        ask(browser, second, f"/subscribe/{new}", page)
        eventually(lambda: first.lost_links() > failed and health(first)["listening"])
        socket.resume()
        eventually(lambda: channels(browser, page) == sorted([kept, new]))
        until_told_of_loss(kept, socket)
        for channel in (kept, new):
            first.push_until_accepted(f"on {channel}", channel)

        assert said(socket, 2) == sorted([f"on {kept}", f"on {new}"])


def test_plain_socket_elsewhere_gets_what_is_written_again(first, second):
    """When Redis lost its data, a socket in the second process that never resumes hears the
    channels that the first process writes again."""
    kept = first.channel()
    browser, page = first.visit(kept)
    with browser.open(page) as old:
        old.ask("sleep", seconds=0)
        first.tunnel.freeze()
        second.store.restart_empty()
        with open_at(second, browser, page) as new:
            new.settle()
            first.tunnel.cut()
            first.tunnel.thaw()
            until_told_of_loss(kept, old, new)
            second.push_until_accepted("to both", kept)

            assert old.payloads(1) == new.payloads(1) == ["to both"]


def test_what_was_left_before_the_resume_is_not_heard(first):
    """A channel that a page leaves between handshake and resume is not heard."""
    kept, left = first.channel(), first.channel()
    browser, page = first.visit(kept, left)
    with browser.open(page, resume=True) as socket:
        ask(browser, first, f"/unsubscribe/{left}", page)
        first.push_until_accepted("not for us", left)

        socket.resume()
        first.push_until_accepted("for us", kept)

        assert socket.payloads(1) == ["for us"]


def test_logout_closes_sockets_of_a_process_that_does_not_hear_redis(first):
    """disconnect() closes the sockets of its own process, even while that process does not hear
    Redis yet."""
    browser, page = first.visit(first.channel())
    with browser.open(page, resume=True) as socket:
        socket.resume()
        # After so many attempts the listener waits some seconds before the next one.
        attempts = first.lost_links() + 5
        first.store.kill()
        eventually(lambda: first.lost_links() >= attempts)
        first.store.start()
        ask(browser, first, "/disconnect", page)

        assert socket.close_code() == 1000


def test_page_that_was_forgotten_learns_of_it_at_its_second_attempt(first):
    """A forgotten page is told so, even if its first socket broke before the resume was
    answered."""
    browser, page = first.visit(first.channel())
    with first.redis() as redis:
        # The same happens when a page is away for too long.
        redis.delete(*redis.scan_iter(f"{first.prefix}:client:*"))
    open_at(first, browser, page, resume=True).close()

    with browser.open(page, resume=True) as socket:
        assert socket.resume()["known"] is False


def test_logout_elsewhere_closes_sockets_of_a_process_that_did_not_hear_it(first, second):
    """A process whose link was broken during a disconnect() in another process closes the sockets
    when it hears Redis again."""
    browser, page = first.visit(first.channel())
    others_browser, others_page = first.visit(first.channel())
    with (
        open_at(first, browser, page, resume=True) as socket,
        others_browser.open(others_page, resume=True) as others,
    ):
        socket.resume()
        others.resume()
        first.tunnel.freeze()
        ask(browser, second, "/disconnect", page)
        first.tunnel.cut()
        first.tunnel.thaw()

        assert socket.close_code() == 1000
        assert others.ask("sleep", seconds=0)["status"] == 200


def test_page_is_taken_off_a_channel_when_redis_is_out_of_memory(first):
    """unsubscribe() works while Redis is out of memory."""
    kept, left, new = (first.channel() for _ in range(3))
    browser, page = first.visit(kept, left)
    with open_at(first, browser, page, resume=True) as socket, first.redis() as redis:
        socket.resume()
        redis.config_set("maxmemory", 1)
        ask(browser, first, f"/unsubscribe/{left}", page)
        redis.config_set("maxmemory", 0)
        # The message was heard, so the process has taken in the change before it too.
        ask(browser, first, f"/subscribe/{new}", page)
        first.push_until_accepted(f"on {new}", new)
        assert socket.payloads(1) == [f"on {new}"]
        for channel in (left, kept):
            first.push_until_accepted(f"on {channel}", channel)

        assert socket.payloads(1) == [f"on {kept}"]


def test_logout_reaches_every_process_when_redis_is_out_of_memory(first, second):
    """disconnect() reaches every process that hears Redis, even while Redis is out of memory."""
    browser, page = first.visit(first.channel())
    with open_at(first, browser, page, resume=True) as socket, first.redis() as redis:
        socket.resume()
        redis.config_set("maxmemory", 1)
        ask(browser, second, "/disconnect", page)
        redis.config_set("maxmemory", 0)

        assert socket.close_code() == 1000
