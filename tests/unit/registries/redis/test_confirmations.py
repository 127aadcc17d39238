"""Subscriptions that Redis has not confirmed yet."""

import pytest

from flask_realtime.registries.redis.confirmations import Confirmations


@pytest.fixture
def confirmations():
    return Confirmations()


def test_wait_is_done_when_all_of_its_names_are_confirmed(confirmations):
    """A wait for several names is over when all are confirmed, and not before."""
    confirmations.expect([b"a", b"b"])
    wait = confirmations.wait_for([b"a", b"b"])

    assert confirmations.confirm(b"a") == []
    assert confirmations.confirm(b"b") == [wait]
    assert not confirmations


def test_name_that_was_asked_for_twice_is_confirmed_twice(confirmations):
    """A name was subscribed, unsubscribed and subscribed again. The first confirmation does not end
    the wait."""
    confirmations.expect([b"a"])
    confirmations.expect([b"a"])
    wait = confirmations.wait_for([b"a"])

    assert confirmations.confirm(b"a") is None
    assert b"a" in confirmations
    assert confirmations.confirm(b"a") == [wait]
    assert b"a" not in confirmations


def test_waits_outlast_a_connection(confirmations):
    """Names are subscribed again on a new connection, whose confirmations end the wait."""
    confirmations.expect([b"a"])
    wait = confirmations.wait_for([b"a"])

    confirmations.begin()
    confirmations.expect([b"a"])

    assert confirmations.confirm(b"a") == [wait]


def test_confirmations_that_fail_to_come_are_noticed(confirmations, clock):
    """The time counts from the last confirmation, or from when the first became due."""
    idle = confirmations.fail_to_come(5)
    confirmations.expect([b"a", b"b"])
    clock.now += 4
    confirmations.confirm(b"a")
    clock.now += 4
    soon = confirmations.fail_to_come(5)
    clock.now += 2

    assert not idle
    assert not soon
    assert confirmations.fail_to_come(5)


def test_wait_that_was_given_up_is_forgotten(confirmations):
    """A wait is given up. Other waits for the same name continue."""
    confirmations.expect([b"a"])
    given_up, other = confirmations.wait_for([b"a"]), confirmations.wait_for([b"a"])

    confirmations.give_up(given_up)
    confirmations.give_up(given_up)

    assert confirmations.confirm(b"a") == [other]


def test_all_waits_can_be_given_up(confirmations):
    """All waits are given up, each once."""
    first, second = confirmations.wait_for([b"a", b"b"]), confirmations.wait_for([b"b"])

    assert confirmations.give_all_up() == [first, second]
    assert confirmations.give_all_up() == []
