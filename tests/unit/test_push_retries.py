"""Pushes that the registry did not accept are tried again in order, each published once."""

import logging

import pytest

from flask_realtime.errors import RegistryUnavailable
from flask_realtime.protocol.pushes import Push
from flask_realtime.push_retries import PATIENCE_SECONDS, RetryQueue

from ..eventually import eventually


class Registry:
    """A registry that accepts pushes while it is up."""

    def __init__(self):
        self.is_away = False
        self.tries = 0
        self.taken = []

    def publish(self, pushes):
        self.tries += 1
        if self.is_away:
            raise RegistryUnavailable("away")
        self.taken += [one.payload for one in pushes]


@pytest.fixture
def registry():
    return Registry()


@pytest.fixture
def queue(registry):
    queue = RetryQueue(registry.publish)
    yield queue
    queue.close()


def push(text):
    return (lambda: [Push("room", text, f"id-{text}")]), ["room"]


def test_push_goes_at_once(queue, registry):
    """The registry is up. The push is published at once, and no thread starts."""
    queue.publish(*push("1"))

    assert registry.taken == ["1"]


def test_push_waits_for_the_registry_and_later_ones_behind_it(queue, registry):
    """Pushes wait for the registry, and are published in their order."""
    registry.is_away = True
    queue.publish(*push("1"))
    registry.is_away = False
    queue.publish(*push("2"))

    eventually(lambda: len(registry.taken) == 2)

    assert registry.taken == ["1", "2"]


def test_push_whose_caller_is_interrupted_is_tried_again(registry):
    """A gevent.Timeout interrupts a view while its push waits. The push is tried again."""

    class Interruption(BaseException):
        """An exception like gevent.Timeout, which is not an Exception."""

    def interrupt(pushes):
        registry.publish = publish
        raise Interruption

    publish, registry.publish = registry.publish, interrupt
    queue = RetryQueue(lambda pushes: registry.publish(pushes))

    with pytest.raises(Interruption):
        queue.publish(*push("1"))
    queue.publish(*push("2"))

    eventually(lambda: len(registry.taken) == 2)
    queue.close()
    assert registry.taken == ["1", "2"]


def test_push_that_nobody_took_is_an_error_in_the_log(registry, caplog):
    """A push has waited for five minutes, after which a repeat could be a second message. It is
    dropped with an ERROR."""
    queue = RetryQueue(registry.publish, seconds=0)
    registry.is_away = True

    queue.publish(*push("1"))

    eventually(lambda: any(one.levelno == logging.ERROR for one in caplog.records))
    queue.close()
    assert "'room' was lost" in caplog.text


def test_push_that_waits_when_the_app_is_closed_is_an_error_in_the_log(registry, caplog):
    """An app is closed while the registry is away. The log names the channel of the push that still
    waited."""
    queue = RetryQueue(registry.publish)
    registry.is_away = True
    queue.publish(*push("1"))

    queue.close()

    assert "A push to 'room' was lost: the app was closed" in caplog.text


def test_push_that_fails_otherwise_keeps_nobody_else(queue, registry, monkeypatch, caplog):
    """A push fails with another error. The next one is tried all the same."""
    registry.is_away = True
    queue.publish(*push(None))
    queue.publish(*push("2"))
    monkeypatch.setattr(registry, "taken", Broken())
    registry.is_away = False

    eventually(lambda: "2" in registry.taken)

    assert "A push to 'room' failed" in caplog.text


class Broken(list):
    """A registry that raises an error for None."""

    def __iadd__(self, items):
        if None in items:
            raise ValueError(items)
        return super().__iadd__(items)


def test_push_is_given_up_once_its_first_attempt_is_forgotten(clock, caplog):
    """An attempt may take a minute, where a push goes to many channels. Its id is remembered from
    the attempt's beginning: a later repeat could become a second message."""
    began, attempts = clock.now, []

    def be_slow_at_first(pushes):
        clock.now += 0 if attempts else 60
        attempts.append(1)
        raise RegistryUnavailable("away")

    slow = RetryQueue(be_slow_at_first)
    slow.publish(*push("1"))
    clock.now = began + PATIENCE_SECONDS + 1

    eventually(lambda: "A push to 'room' was lost" in caplog.text)
    slow.close()


def test_push_that_waits_behind_others_is_given_up_in_time_too(clock, registry, caplog):
    """Two pushes wait. When the registry is back after more than five minutes, neither is tried
    again: one that it had taken before it hung would be a second message."""
    registry.is_away = True
    both_wait = RetryQueue(registry.publish)
    for text in ("1", "2"):
        both_wait.publish(*push(text))
    clock.now += PATIENCE_SECONDS + 1
    registry.is_away = False

    eventually(lambda: caplog.text.count("A push to 'room' was lost") == 2)
    both_wait.close()

    assert registry.taken == []
