"""Connections to Redis that may lead to a former master."""

from flask_realtime.registries.redis.generations import RENEWAL_SECONDS, Generations


def test_refused_call_is_worth_another_attempt_now_and_then(clock):
    """Redis refuses to write, perhaps for minutes. Calls reconnect now and then, not each of
    them."""
    generations = Generations()
    first = generations.present

    assert generations.renew(first)
    second = generations.present
    assert second != first
    assert not generations.renew(second)
    assert generations.present == second

    clock.now += RENEWAL_SECONDS
    assert generations.renew(second)


def test_call_over_an_earlier_connection_is_made_again_at_once(clock):
    """Another call has noticed that its master is one no more. A call over an earlier connection is
    repeated at once."""
    generations = Generations()
    seen = generations.present
    generations.renew(seen)
    present = generations.present

    assert generations.renew(seen)
    assert generations.present == present
