"""The thread that delivers what was published in this process."""

import sys
import threading

import pytest

from flask_realtime.protocol.positions import Position
from flask_realtime.protocol.publications import Publication
from flask_realtime.registries.memory import delivery as module
from flask_realtime.registries.memory.delivery import MemoryDelivery
from tests.eventually import DEADLINE, eventually


def publication(number):
    return Publication("a", Position("e", number, "t"), "", str(number))


def test_delivery_goes_on_after_a_failure(caplog):
    """A receiver raises, which is logged with its traceback. The next publication is delivered."""
    delivered, done = [], threading.Event()

    def deliver(one):
        if one.payload == "1":
            raise ValueError("a broken receiver")
        delivered.append(one.payload)
        if one.payload == "3":
            done.set()

    delivery = MemoryDelivery(deliver)
    delivery.start()
    for number in (1, 2, 3):
        delivery.put(publication(number))

    assert done.wait(DEADLINE)
    assert delivered == ["2", "3"]
    assert "a broken receiver" in caplog.text
    delivery.close()


@pytest.fixture
def restless_threads():
    """Make threads switch very often, so that their steps interleave in every order."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


def test_delivery_wakes_for_what_comes_after_a_pause(restless_threads):
    """A publication after a pause is delivered, whenever it arrives."""
    arrived = threading.Semaphore(0)
    delivery = MemoryDelivery(lambda one: arrived.release())
    delivery.start()

    for number in range(10_000):
        delivery.put(publication(number))
        assert arrived.acquire(timeout=DEADLINE)

    delivery.close()


def test_delivery_does_not_make_its_caller_wait():
    """A publication is accepted while an earlier one is still being delivered."""
    entered, release = threading.Event(), threading.Event()
    delivered, done = [], threading.Event()

    def deliver(one):
        entered.set()
        release.wait(DEADLINE)
        delivered.append(one.payload)
        if one.payload == "2":
            done.set()

    delivery = MemoryDelivery(deliver)
    delivery.start()
    delivery.put(publication(1))
    assert entered.wait(DEADLINE)

    delivery.put(publication(2))

    assert delivered == []
    assert delivery.lag_seconds() > 0
    release.set()
    assert done.wait(DEADLINE)
    assert delivered == ["1", "2"]
    delivery.close()


def test_delivery_ends_when_closed():
    """A closed delivery leaves no thread behind."""
    delivery = MemoryDelivery(lambda one: None)
    before = set(threading.enumerate())
    delivery.start()
    (thread,) = set(threading.enumerate()) - before

    delivery.close()

    thread.join(DEADLINE)
    assert not thread.is_alive()


def test_once_somebody_has_waited_in_vain_nobody_waits_until_the_thread_has_come_so_far(
    monkeypatch,
):
    """The thread is far behind, and thousands of pages are taken off channels. One caller waits in
    vain, and the next ones do not wait, until the thread has caught up."""
    busy, gate, delivered = threading.Event(), threading.Event(), []

    def deliver(one):
        busy.set()
        gate.wait(DEADLINE)
        delivered.append(one.payload)

    delivery = MemoryDelivery(deliver)
    delivery.start()
    delivery.put(publication(1))
    assert busy.wait(DEADLINE)
    monkeypatch.setattr(module, "SETTLE_SECONDS", 0.01)
    for _ in range(3):
        delivery.settle()
    waited = len(delivery._waiting)

    monkeypatch.setattr(module, "SETTLE_SECONDS", DEADLINE)
    gate.set()
    eventually(lambda: not delivery.lag_seconds())
    delivery.put(publication(2))
    delivery.settle()

    assert waited == 1
    assert delivered == ["1", "2"]
    delivery.close()
