"""The pauses between attempts to connect."""

from flask_realtime.registries.redis.backoff import FIRST_SECONDS, LONGEST_SECONDS, Backoff


def test_pauses_grow_to_a_limit_and_begin_anew():
    """The pauses grow up to a limit, and each varies at random by half of its length."""
    backoff = Backoff()

    pauses = [backoff.next_seconds() for _ in range(20)]
    backoff.reset()

    assert FIRST_SECONDS / 2 <= pauses[0] <= FIRST_SECONDS * 1.5
    assert pauses[2] > pauses[0]
    assert all(LONGEST_SECONDS / 2 <= pause <= LONGEST_SECONDS * 1.5 for pause in pauses[7:])
    assert backoff.next_seconds() <= FIRST_SECONDS * 1.5


def test_pauses_of_two_differ():
    """Two processes that lost the same server do not reconnect at the same moments."""
    first, second = Backoff(), Backoff()

    assert [first.next_seconds() for _ in range(5)] != [second.next_seconds() for _ in range(5)]
