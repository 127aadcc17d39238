"""The registry of a single process, beyond what every registry promises."""

import itertools
import os
import subprocess
import sys
import threading
import tracemalloc

import pytest

from flask_realtime.config.settings import Config
from flask_realtime.protocol.pushes import Push
from flask_realtime.registries.memory.registry import MemoryRegistry
from flask_realtime.registries.records import ConnectionRecord, Disconnect, Grant, RegistryEvents
from flask_realtime.threads import clock as threads_clock
from tests.eventually import DEADLINE, eventually


def nothing(*_):
    """A receiver that ignores everything."""


def receiver(deliver=nothing, changed=nothing, disconnected=nothing):
    return RegistryEvents(deliver, changed, disconnected, nothing, nothing, nothing)


@pytest.fixture
def clock(monkeypatch):
    """The time as the registry sees it: set ``clock.now``."""

    class Clock:
        now = 1000.0

        def monotonic(self):
            return self.now

    clock = Clock()
    monkeypatch.setattr(threads_clock, "monotonic", clock.monotonic)
    return clock


def test_memory_registry_may_be_used_by_who_it_tells(registry):
    """A receiver calls the registry, which holds no lock meanwhile."""
    done = threading.Event()
    found = []
    registry.start(
        receiver(
            deliver=lambda one: registry.publish([Push("b", "2", "2")]) and done.set(),
            changed=lambda digest, left=(): found.append(registry.subscriptions([digest])[digest]),
            disconnected=lambda order: found.append(registry.collect(order.digest, "taker")),
        )
    )
    registry.listen(["a"])

    def use():
        registry.connect("digest-1", "1")
        registry.subscribe("digest-1", ["a"])
        registry.unsubscribe("digest-1", ["a"])
        registry.disconnect(Disconnect(digest="digest-1"))
        registry.publish([Push("a", "1", "1")])

    thread = threading.Thread(target=use, daemon=True)
    thread.start()
    thread.join(DEADLINE)

    assert not thread.is_alive()
    assert done.wait(DEADLINE)
    assert [list(one) for one in found] == [["a"], [], []]


def test_memory_registry_remembers_push_ids_for_300_seconds(registry, clock):
    """A repeated push id within 300 seconds is a repeat; later it is a push of its own."""
    first = registry.publish([Push("a", "1", "same")])[0]
    registry.refresh([], ["a"])

    clock.now += 299
    again = registry.publish([Push("a", "1", "same")])[0]
    clock.now += 2
    later = registry.publish([Push("a", "1", "same")])[0]

    assert again == first
    assert later.seq == 2


def test_memory_registry_gives_memory_back_when_idle(registry, clock):
    """A process that only refreshes drops everything that has expired."""
    registry.publish([Push("warm", "1", "warm")])
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for number in range(2000):
        registry.publish([Push(f"channel-{number}", "x" * 1000, f"id-{number}")])
        registry.subscribe(f"awaited-{number}", ["a"])
        registry.subscribe(f"arrived-{number}", ["a"])
        registry.connect(f"arrived-{number}", "1")
        registry.forget_connection(ConnectionRecord(f"arrived-{number}", "1", {}))
        registry.deposit(f"arrived-{number}", "x" * 100)
    full = tracemalloc.get_traced_memory()[0] - before

    clock.now += Config().disconnect_timeout_seconds + Config().history_ttl_seconds + 1
    registry.refresh([], [])

    left = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert full > 4_000_000
    assert left < full / 5


@pytest.mark.parametrize(
    "use",
    [
        lambda registry, number: registry.publish([Push("a", "1", str(number))]),
        lambda registry, number: registry.subscribe(f"digest-{number}", ["a"]),
        lambda registry, number: registry.publish([Push(f"{number}", "x" * 500, str(number))]),
    ],
    ids=["push ids", "clients", "logs"],
)
def test_memory_registry_drops_what_expired_as_it_is_used(registry, clock, use):
    """Memory does not grow under constant use, even without any refresh."""
    sizes = []
    tracemalloc.start()

    for number in range(6000):
        use(registry, number)
        clock.now += 200
        if number in (2999, 5999):
            sizes.append(tracemalloc.get_traced_memory()[0])

    tracemalloc.stop()
    assert sizes[1] < sizes[0] * 1.2


def test_memory_registry_makes_no_lock_before_its_first_use(monkeypatch):
    """An instance that is made at import, before gevent patches, has no lock that would block all
    greenlets."""
    made = []
    monkeypatch.setattr(threading, "Lock", lambda lock=threading.Lock: made.append(1) or lock())

    registry = MemoryRegistry(Config())

    assert made == []
    registry.subscribe("digest-1", ["a"])
    assert made


# What a call does to all channels that strangers have made up, in a process of gevent; the last
# ends them.
TO_MANY_CHANNELS = {
    "a push to a pattern": "registry.publish(pushes)",
    "a passing push to a pattern": "registry.announce(pushes)",
    "a look for what fits a pattern": "registry.matching('*')",
    "the making of pushes": "make_pushes('1', ['*'], lambda pattern: names)",
    "the end of all that has expired": "be_a_year_later(); registry.refresh([], [])",
}


@pytest.fixture(scope="module")
def turns_of_others():
    """How often others ran during each call to all of 20,000 channels."""
    script = f"""
from gevent import monkey; monkey.patch_all()
import gevent
from flask_realtime.config.settings import Config
from flask_realtime.protocol.pushes import make_pushes
from flask_realtime.registries.memory.registry import MemoryRegistry
from flask_realtime.threads import clock

def be_a_year_later():
    later = clock.monotonic() + 86_400 * 365
    clock.monotonic = lambda: later

registry = MemoryRegistry(Config(max_channels_per_page=20_000))
names = [f"room:{{number}}" for number in range(20_000)]
registry.subscribe("digest-1", names)
pushes = make_pushes("1", ["*"], lambda pattern: names)
turns = []

def others():
    while True:
        turns.append(1)
        gevent.sleep(0)

gevent.spawn(others)
gevent.sleep(0)
for call in {list(TO_MANY_CHANNELS.values())}:
    before = len(turns)
    exec(call)
    print(len(turns) - before)
"""
    done = subprocess.run(
        [sys.executable, "-c", script], check=True, timeout=DEADLINE, stdout=subprocess.PIPE
    )
    return dict(zip(TO_MANY_CHANNELS, map(int, done.stdout.split()), strict=True))


@pytest.mark.parametrize("call", TO_MANY_CHANNELS)
def test_many_channels_do_not_stop_the_loop(call, turns_of_others):
    """Others run while a call goes to all of 20,000 channels: requests are answered meanwhile."""
    assert turns_of_others[call] > 0


@pytest.mark.skipif(not hasattr(os, "fork"), reason="This system does not fork.")
def test_memory_registry_begins_anew_after_a_fork():
    """A forked child neither waits for a lock that its parent held, nor believes that it receives
    publications."""
    script = """
import os, sys, threading
from flask_realtime.config.settings import Config
from flask_realtime.registries import Push, RegistryEvents
from flask_realtime.registries.memory.registry import MemoryRegistry

def receiver(deliver):
    return RegistryEvents(deliver, print, print, print, print, print)

registry = MemoryRegistry(Config())
registry.start(receiver(print))
registry.listen(["a"])
registry.subscribe("digest-1", ["a"])

def keep_busy():
    while True:
        registry.matching("*")

threading.Thread(target=keep_busy, daemon=True).start()
for _ in range(20):
    child = os.fork()
    if not child:
        assert not registry.health()["listening"]
        assert registry.subscriptions(["digest-1"]) == {"digest-1": None}
        heard = threading.Event()
        registry.start(receiver(lambda one: heard.set()))
        registry.listen(["b"])
        registry.publish([Push("b", "1", "1")])
        os._exit(0 if heard.wait(60) else 1)
    assert os.waitpid(child, 0)[1] == 0
assert list(registry.subscriptions(["digest-1"])["digest-1"]) == ["a"]
"""

    finished = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script],
        timeout=DEADLINE,
        capture_output=True,
        text=True,
    )

    assert finished.returncode == 0, finished.stderr


def test_clock_that_is_set_back_keeps_nobody_out(registry, monkeypatch):
    """An administrator sets the clock back after a ban. The user logs in again, and the new page
    connects and may be subscribed."""
    page, earlier = "a" * 32 + "5" * 32, "b" * 32 + "6" * 32
    registry.subscribe(earlier, ["room"])
    registry.end_user("kim")
    registry.end_user("kim", "room")
    banned_at, now = threads_clock.monotonic(), threads_clock.now
    monkeypatch.setattr(threads_clock, "now", lambda: now() - 3600)
    eventually(lambda: threads_clock.monotonic() > banned_at + 0.002)

    registry.subscribe(page, ["room"])

    assert set(registry.connect(page, "1", "kim").subscriptions) == {"room"}
    assert registry.connect(earlier, "2", "kim").has_ended


def test_user_who_is_put_out_behind_a_request_stays_out_however_slow_the_machine_is(
    registry, monkeypatch
):
    """The thread that answers the request stands still for a second between any two looks at the
    clock."""
    page, times = "a" * 32 + "5" * 32, itertools.count(1000, 0.01)
    monkeypatch.setattr(threads_clock, "monotonic", lambda: next(times))
    asked = threads_clock.monotonic()
    registry.end_user("kim", "room")
    times = itertools.count(threads_clock.monotonic(), 1)

    registry.subscribe(page, ["room"], Grant("kim", asked, {"room": asked}))

    assert registry.subscriptions([page]) == {page: {}}
