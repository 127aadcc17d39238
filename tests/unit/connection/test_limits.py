"""Limits of rates and counts."""

import threading

import pytest

from flask_realtime.connection.limits import (
    TOKEN_BYTES,
    ConnectionCount,
    PendingLimit,
    TokenBucket,
    tokens_for,
)
from tests.eventually import DEADLINE


def test_bucket_allows_a_burst_and_then_its_rate(clock):
    """A burst of five seconds' messages is allowed, and then the rate."""
    bucket = TokenBucket(10)

    burst = [bucket.take() for _ in range(60)]
    clock.now += 1.05
    later = [bucket.take() for _ in range(20)]

    assert burst == [True] * 50 + [False] * 10
    assert later == [True] * 10 + [False] * 10


def test_bucket_is_full_again_after_a_pause(clock):
    """After a pause the whole burst is allowed again, and no more."""
    bucket = TokenBucket(10)
    while bucket.take():
        pass

    clock.now += 1000

    assert [bucket.take() for _ in range(51)] == [True] * 50 + [False]


def test_bucket_is_exhausted_by_a_flood_alone(clock):
    """Twice the rate is refused but tolerated; ten times the rate is a flood."""
    mild, flood = TokenBucket(10), TokenBucket(10)

    for _ in range(100):
        clock.now += 0.1
        for _ in range(2):
            mild.take()
        for _ in range(10):
            flood.take()

    assert not mild.is_exhausted
    assert flood.is_exhausted


@pytest.mark.parametrize(
    ("size", "tokens"),
    [(0, 1), (1, 1), (TOKEN_BYTES, 1), (TOKEN_BYTES + 1, 2), (256 * 1024, 32)],
)
def test_message_takes_a_token_for_each_started_piece(size, tokens):
    """Each message takes at least one token, and one for each started piece."""
    assert tokens_for(b"x" * size) == tokens


@pytest.mark.parametrize(
    ("data", "least", "most"),
    [
        (b"[" + b"[]," * 80_000 + b"0]", 200, 300),
        (b"[" + b"0," * 120_000 + b"0]", 60, 120),
        (b'{"uri": "/?' + b"a&" * 120_000 + b'"}', 200, 400),
        (b'{"a": "' + b"Dear all, as agreed: " * 12_000 + b'"}', 32, 50),
        (b'{"a": "' + b"<p>Dear&nbsp;all, as agreed:" * 9_000 + b'"}', 32, 65),
        (b"[[]]", 1, 1),
    ],
)
def test_message_takes_tokens_for_the_values_to_be_parsed(data, least, most):
    """Many small values, of JSON or of a query, take several times as many tokens as a text of the
    same size."""
    assert least <= tokens_for(data) <= most


def test_message_takes_more_tokens_where_many_cookies_are_read_for_it():
    """A browser keeps some 180 cookies of a site at most."""
    escaped = "name=" + "\\075" * 1_500

    assert tokens_for(b"{}", "; ".join(["name=value"] * 100)) == 1
    assert tokens_for(b"{}", "; ".join(["name=value"] * 1_501)) == 11
    assert tokens_for(b"{}", escaped) == 11


def test_message_takes_more_tokens_where_the_path_of_a_call_takes_long_to_decode():
    """A path has at most 2,000 characters, while a long text may hold many percent signs."""
    assert tokens_for(b"/caf%C3%A9") == 1
    assert tokens_for(b"%" * 1_000) == 3
    assert tokens_for(b"%" * 2_000) == 6
    assert tokens_for(b"%" * 200_000) == 25 + 5


def test_bucket_grants_the_largest_message_when_it_is_full(clock):
    """A full bucket allows even the largest message, whose tokens are missing afterwards."""
    bucket = TokenBucket(10)

    granted = [bucket.take(120), bucket.take()]
    clock.now += 7
    too_early = bucket.take()
    clock.now += 0.2

    assert granted == [True, False]
    assert not too_early
    assert bucket.take()


def test_bucket_waits_for_what_a_message_took_beyond_its_tokens(clock):
    """What is owed is a burst at most: a client that has sent nothing for a while may go on."""
    bucket = TokenBucket(10)
    bucket.take()
    bucket.owe(12)
    owing = [bucket.take(30), bucket.take(8)]
    clock.now += 5
    bucket.owe(1_000)

    assert owing == [True, False]
    assert not bucket.take()
    clock.now += 0.2
    assert bucket.take()


def test_bucket_is_exhausted_by_large_messages_too(clock):
    """A refused message counts with the tokens that it would have taken."""
    bucket = TokenBucket(10)
    bucket.take(50)

    exhausted = [bucket.is_exhausted]
    for _ in range(2):
        bucket.take(30)
        exhausted.append(bucket.is_exhausted)

    assert exhausted == [False, False, True]


def test_bucket_without_a_rate_refuses_nothing():
    """A rate of None means no limit."""
    bucket = TokenBucket(None)

    assert all(bucket.take() for _ in range(10_000))
    assert not bucket.is_exhausted


def test_bucket_of_less_than_one_a_second_allows_one():
    """A rate below one a second still allows a first message."""
    assert TokenBucket(0.01).take()


@pytest.mark.parametrize("sizes", [[1, 1, 1], [99, 1]], ids=["messages", "bytes"])
def test_pending_limit_is_reached_by_many_messages_or_of_large_ones(sizes):
    """Messages are limited in number and in size, and each that is done makes room."""
    pending = PendingLimit(3, 100)
    fullness = []

    for size in sizes:
        fullness.append(pending.is_full)
        pending.enter(size)
    fullness.append(pending.is_full)
    pending.leave(sizes[0])
    fullness.append(pending.is_full)

    assert fullness == [*[False] * len(sizes), True, False]


def test_pending_limit_wakes_who_waits_for_it():
    """A waiting thread wakes when a message is done, or when another thread asks it to look
    again."""
    pending = PendingLimit(1, 100)
    pending.wait(DEADLINE)
    pending.enter(1)
    waiting = [threading.Thread(target=pending.wait, args=(60,))]
    waiting[0].start()
    while waiting[0].is_alive():
        pending.wake()
        waiting[0].join(0.01)

    pending.leave(1)
    pending.wait(DEADLINE)

    assert not pending.is_full


def test_count_refuses_what_is_too_much_with_a_status():
    """A full process refuses with 503 and a full session with 429; both name the setting."""
    count = ConnectionCount(3, 2)

    first = [count.enter("a"), count.enter("a")]
    of_session = count.enter("a")
    count.enter("b")
    of_process = count.enter("c")

    assert first == [None, None]
    assert of_session[0] == 429 and "PER_SESSION" in of_session[1]
    assert of_process[0] == 503 and "REALTIME_MAX_CONNECTIONS" in of_process[1]


def test_count_gives_places_back():
    """A socket that leaves frees its place, and leaves no entry."""
    count = ConnectionCount(2, 1)
    count.enter("a")
    refused = count.enter("a")

    count.leave("a")

    assert refused is not None
    assert count.enter("a") is None
    assert count.enter("b") is None


def test_count_is_right_with_many_threads():
    """Many threads enter at once, and no place is given twice."""
    count, admitted = ConnectionCount(50, 1000), []

    def enter():
        for _ in range(20):
            admitted.append(count.enter("a") is None)

    threads = [threading.Thread(target=enter) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(admitted) == 50
