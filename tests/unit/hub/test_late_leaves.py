"""A client that has left a channel hears no later push, however late its subscriptions are read."""

import threading
from dataclasses import replace

import pytest

from flask_realtime.errors import RegistryUnavailable
from flask_realtime.protocol.starts import Start
from tests.eventually import DEADLINE, eventually

from .house import Guest


class Held:
    """A reading of subscriptions that has its answer, and hands it over when it is let go on."""

    def __init__(self, registry):
        self._read = registry.subscriptions
        self._begun = threading.Semaphore(0)
        self._may_go_on = threading.Semaphore(0)
        registry.subscriptions = self._subscriptions

    def _subscriptions(self, digests):
        found = self._read(digests)
        self._begun.release()
        assert self._may_go_on.acquire(timeout=DEADLINE)
        return found

    def wait(self):
        assert self._begun.acquire(timeout=DEADLINE)

    def go_on(self):
        self._may_go_on.release()


@pytest.fixture
def held(house):
    held = Held(house.registry)
    yield held
    for _ in range(20):
        held.go_on()


def test_client_is_off_a_channel_as_soon_as_it_has_left(house, held):
    """A page leaves a channel. When unsubscribe() has returned it hears no later push, though its
    subscriptions are yet to be read, and it was told so."""
    house.push("before", "a")
    eventually(lambda: house.guest.payloads)

    house.registry.unsubscribe("d1", ["a", "never entered"])
    house.push("after", "a")

    held.wait()
    assert house.hub.channels(house.guest) == set()
    assert house.guest.left == ["a"]
    assert not house.delivery.is_heard("a")


def test_client_is_not_put_back_by_what_was_read_before_it_left(house, held):
    """A page joins a channel and leaves it while its subscriptions are being read. What was read
    does not put the page on the channel, not for a moment."""
    house.registry.subscribe("d1", ["b", "c"])
    held.wait()
    house.registry.unsubscribe("d1", ["b"])

    held.go_on()
    held.wait()

    assert house.hub.channels(house.guest) == {"a", "c"}
    assert [set(starts) for starts in house.jobs] == [{"b", "c"}]


def test_client_that_joins_as_soon_as_it_has_left_hears_what_follows(house, held):
    """A page leaves a channel and joins it again before its subscriptions are read. It hears what
    is pushed from then on, and nothing from in between."""
    house.registry.unsubscribe("d1", ["a"])
    house.push("in between", "a")
    house.registry.subscribe("d1", ["a"])
    house.push("behind", "a")

    held.wait()
    held.go_on()
    eventually(lambda: house.hub.channels(house.guest) == {"a"} or held.go_on())
    house.work()

    eventually(lambda: house.guest.payloads == ["behind"])


def test_client_that_has_left_for_a_moment_misses_nothing_else(house, held):
    """A page leaves one of its channels while its subscriptions are being read. It goes on hearing
    the others, each message once."""
    house.push("1", "a")
    house.registry.subscribe("d1", ["b"])
    held.wait()
    house.registry.unsubscribe("d1", ["b"])
    house.push("2", "a")
    held.go_on()
    held.wait()
    held.go_on()
    house.push("3", "a")

    eventually(lambda: len(house.guest.payloads) == 3)
    assert house.guest.payloads == ["1", "2", "3"]


def test_socket_that_opens_is_not_put_on_what_its_page_has_left_meanwhile(house, held):
    """A page leaves a channel by HTTP while its socket opens. What was read at the handshake does
    not put the socket on the channel; one that the page joins behind that, it hears."""
    second = Guest("d2")
    house.registry.subscribe("d2", ["b", "c"])
    subscriptions = house.arrive(second)
    house.registry.unsubscribe("d2", ["b", "c"])
    house.registry.subscribe("d2", ["c"])

    held.wait()
    house.enter(second, subscriptions)

    assert house.hub.channels(second) == set()
    held.go_on()
    eventually(lambda: house.hub.channels(second) == {"c"} or held.go_on())


def test_kick_is_not_undone_by_what_was_read_before_it(house, held):
    """A user is put out of a channel while the subscriptions of the user's page are being read, and
    the registry takes no news for now. What was read does not put the page back."""
    tries = []

    def refuse(digest, channels, age=0):
        tries.append(channels)
        raise RegistryUnavailable("It writes nothing.")

    house.registry.unsubscribe = refuse
    house.registry.subscribe("d1", ["b"])
    held.wait()
    house.reconciler.unsubscribe("d1", "b", False, 0)
    house.hub.leave(house.guest, ["b"], bars=True)

    held.go_on()
    eventually(lambda: tries)

    assert house.hub.channels(house.guest) == {"a"}


def test_page_that_is_let_in_again_before_its_socket_is_known_hears_the_channel(house):
    """A user is put out of a channel while a page's socket waits for its turn at the registry, and
    is let in again. The registry knows of no socket to tell of that, and yet the page hears the
    channel."""
    second = Guest("d2")
    house.hub.add(second)
    house.hub.leave(second, ["b"], bars=True)
    house.registry.unsubscribe("d2", ["b"])
    house.registry.subscribe("d2", ["b"])

    house.enter(second, house.arrive(second, is_new=False))

    eventually(lambda: house.hub.channels(second) == {"b"})


def test_page_that_has_left_hears_no_later_push_where_nobody_knows_its_place(house):
    """A page leaves a paused channel, and its process knows that; the registry, a cluster for
    example, does not know where the log ended then. What is pushed later is not for the page."""
    house.delivery.pause()
    house.registry.unsubscribe("d1", ["a"])
    house.push("after", "a")
    house.registry.subscribe("d1", ["b"])
    eventually(lambda: house.jobs)

    house.reconciler.recover(["a"])

    eventually(lambda: not house.delivery.paused(["a"]))
    assert house.guest.payloads == []
    assert house.guest.left == ["a"]


def test_page_that_has_left_a_paused_channel_is_not_put_back_by_what_was_read_before(house, held):
    """A page leaves a paused channel while its subscriptions are being read, and the channel's log
    is read first. What was read does not put the page on the channel again."""
    house.delivery.pause()
    house.registry.subscribe("d1", ["b"])
    held.wait()
    house.registry.unsubscribe("d1", ["a"])
    house.channel_catch_up.run(["a"], DEADLINE)
    assert house.hub.channels(house.guest) == set()

    held.go_on()
    held.wait()

    assert house.hub.channels(house.guest) == {"b"}


def test_page_that_asks_once_more_while_it_reads_its_past_begins_it_only_once(house):
    """A page begins some messages back, and takes them slowly. It asks for the same channel once
    more meanwhile, which does not take it back to the first of them."""
    for number in range(3):
        house.push(number, "b")
    house.registry.subscribe("d1", {"b": Start(last=3)})
    eventually(lambda: house.jobs)
    house.hub.enter(house.guest)
    house.jobs.clear()

    house.registry.subscribe("d1", ["b", "c"])
    eventually(lambda: house.jobs)

    assert [set(starts) for starts in house.jobs] == [{"c"}]


def test_late_news_of_a_leave_makes_no_page_deaf_that_has_come_again(house, monkeypatch):
    """A channel is paused. A page leaves it and comes again, and both are read before the process
    has the news of the leave. The page hears what is pushed from then on."""
    late = []
    house.delivery.pause(["a"])
    own = house.registry._own.get()
    with monkeypatch.context() as patched:
        held = replace(own.events, changed=lambda *news: late.append(news))
        patched.setattr(own, "events", held)
        house.registry.unsubscribe("d1", ["a"])
        house.registry.subscribe("d1", ["a"])
        moment = house.registry.subscriptions(["d1"])["d1"]["a"].moment
        house.reconciler.changed("d1")
        eventually(lambda: house.hub.noted(house.guest).moments.get("a") == moment)

    for news in late:
        house.reconciler.changed(*news)
    eventually(lambda: house.jobs)
    house.work()
    house.delivery.ask_to_read(["a"])
    eventually(lambda: not house.delivery.paused(["a"]))
    house.push("behind", "a")

    eventually(lambda: house.guest.payloads == ["behind"])
    assert house.hub.channels(house.guest) == {"a"}


def test_page_that_has_yet_to_enter_begins_where_it_came_again(house):
    """A page is about to enter a channel, and its process hears nothing of it when the page leaves
    and comes again. The page hears nothing of the time in between."""
    house.registry.subscribe("d1", ["b"])
    eventually(lambda: house.jobs)
    own = house.registry._own.get()
    events, own.events = own.events, replace(own.events, changed=lambda *news: None)
    house.registry.unsubscribe("d1", ["b"])
    house.push("in between", "b")
    house.registry.subscribe("d1", ["b"])
    house.push("back", "b")
    own.events = events

    house.reconciler.restored()
    eventually(lambda: len(house.jobs) == 2)
    house.work()

    eventually(lambda: house.guest.payloads)
    assert house.guest.payloads == ["back"]


def test_late_news_of_when_a_page_left_does_not_end_what_it_asked_for_since(house):
    """A page has left a channel and come again, and the news of the leave, with its time, comes
    behind both. The page stays on the channel."""
    (before,) = (house.registry.subscriptions(["d1"])["d1"]["a"].moment,)
    house.registry.unsubscribe("d1", ["a"])
    house.registry.subscribe("d1", ["a"])
    eventually(lambda: house.jobs)
    house.work()

    house.reconciler.changed("d1", {"a": before + 1})
    eventually(lambda: house.jobs)
    house.work()

    house.push("still here", "a")
    eventually(lambda: house.guest.payloads == ["still here"])
    assert set(house.registry.subscriptions(["d1"])["d1"]) == {"a"}
