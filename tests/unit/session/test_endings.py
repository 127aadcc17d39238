"""Ends that the registry is told of, now or when it is back."""

import threading

import pytest

from flask_realtime.errors import RegistryUnavailable
from flask_realtime.session import endings
from flask_realtime.session.endings import Endings
from tests.eventually import eventually


@pytest.fixture
def queue(monkeypatch):
    monkeypatch.setattr(endings, "RETRY_SECONDS", 0.01)
    queue = Endings()
    yield queue
    queue.close()


def test_steps_are_taken_at_once_and_in_order(queue):
    """Whoever logs out has the tombstone before the response leaves."""
    done = []

    queue.run([lambda: done.append(1), lambda: done.append(2)])

    assert done == [1, 2]


def test_steps_wait_for_a_registry_that_is_away(queue):
    """A log-out does not fail; it is told when the registry is back, what came later behind it."""
    is_back, done = threading.Event(), []

    def tell():
        if not is_back.is_set():
            raise RegistryUnavailable("away")
        done.append("first")

    queue.run([tell, lambda: done.append("second")])
    queue.run([lambda: done.append("third")])
    before = list(done)
    is_back.set()

    eventually(lambda: done == ["first", "second", "third"])
    assert before == []


def test_step_that_fails_for_good_holds_up_nothing(queue, caplog):
    """A fault of ours is seen in the log, and the rest goes on."""
    done = []

    def fail():
        if not done:
            done.append("away")
            raise RegistryUnavailable("away")
        raise ZeroDivisionError

    queue.run([fail, lambda: done.append("next")])

    eventually(lambda: done == ["away", "next"])
    assert ZeroDivisionError in [record.exc_info[0] for record in caplog.records if record.exc_info]
