"""A waker that ends a thread's wait in a selector."""

import selectors
import threading

import pytest

from flask_realtime.threads.waker import Waker
from tests.eventually import DEADLINE


@pytest.fixture
def waker():
    waker = Waker()
    yield waker
    waker.close()


@pytest.fixture
def selector(waker):
    """A selector that watches the waker."""
    with selectors.DefaultSelector() as selector:
        selector.register(waker, selectors.EVENT_READ)
        yield selector


def test_ring_wakes_a_thread_that_waits(waker, selector):
    """Another thread rings, and the waiting selector returns."""
    ringing = threading.Thread(target=waker.ring)
    ringing.start()

    assert selector.select(DEADLINE)
    ringing.join()


def test_ring_before_the_wait_is_not_lost(waker, selector):
    """The ring comes before the wait, which then returns at once."""
    waker.ring()

    assert selector.select(0)


def test_ring_never_blocks(waker, selector):
    """However often a thread rings, it does not block; repeated silence() calls empty the waker."""
    for _ in range(5000):
        waker.ring()

    while selector.select(0):
        waker.silence()

    waker.silence()
    assert not selector.select(0)


def test_ring_at_a_closed_waker_does_nothing():
    """A thread rings after the waiting one has ended, without an error."""
    waker = Waker()
    waker.close()

    waker.ring()
