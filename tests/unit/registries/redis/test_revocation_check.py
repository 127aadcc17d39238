"""Whether a user was disconnected or removed from a channel before a request came, or while it
ran."""

import contextlib
import threading

import pytest

from flask_realtime.config.settings import Config
from flask_realtime.errors import RegistryUnavailable
from flask_realtime.registries.records import Grant, age_in_ms
from flask_realtime.registries.redis.keys import RedisKeys
from flask_realtime.registries.redis.revocation_check import MOST_QUESTIONS, RevocationCheck
from flask_realtime.registries.redis.tombstones import RedisTombstones
from flask_realtime.threads import clock

from ....eventually import eventually
from ....faults.tunnel import Tunnel

USER, ROOM, OTHER_ROOM = "kim", "room:7", "room:8"
TOMBSTONES = RedisTombstones(None, RedisKeys("p"), Config())
PAGE = "a" * 32 + "5" * 32
# Redis's reply besides an age in milliseconds.
NEVER, LONG_AGO = -1, 3_600_000


def said(*ages):
    """Return the reply of Redis, which tells of ends that another process has told it of."""
    return [(age, b"1700000000000") for age in ages]


@pytest.fixture
def asked():
    """The time at which the request asked for its channels."""
    return clock.monotonic() - 0.5


@pytest.fixture
def check(asked):
    """A check of a request that came one second ago, and has asked for two channels since."""
    return RevocationCheck(TOMBSTONES, Grant(USER, asked - 0.5, {ROOM: asked, OTHER_ROOM: asked}))


def test_request_that_nobody_revoked_is_asked_about_once(check):
    """One round trip shows that nothing was revoked."""
    check.question()
    check.note(said(NEVER, NEVER, LONG_AGO))

    assert (check.is_unsure, check.is_disconnected, check.left) == (False, False, [])


def test_end_counts_if_it_came_behind_the_question_of_the_request(check):
    """The user was disconnected after the request came, and removed from one channel after the
    request asked for it. Both count."""
    check.question()
    check.note(said(700, 400, LONG_AGO))

    assert (check.is_unsure, check.is_disconnected, check.left) == (False, True, [ROOM])


def test_reply_that_took_long_leaves_the_order_open(check, asked):
    """A slow reply does not show which came first. A second, quicker question decides what is still
    open."""
    check.question()
    ended_ago = age_in_ms(asked)
    eventually(lambda: age_in_ms(asked) > ended_ago)
    check.note(said(NEVER, ended_ago, LONG_AGO))

    assert check.is_unsure
    assert check.question()[-1:] == (ROOM,)
    check.note(said(ended_ago))
    assert (check.is_unsure, check.left) == (False, [ROOM])


def test_redis_that_is_too_slow_each_time_is_an_error(check):
    """Redis is slow each time. The request fails, and nobody is admitted by a guess."""
    for _ in range(MOST_QUESTIONS):
        check.question()

    with pytest.raises(RegistryUnavailable, match="replies too slowly"):
        check.question()


@pytest.mark.parametrize("is_behind", [True, False])
def test_request_behind_an_end_by_the_same_process_is_let_in_however_slow_redis_is(
    store, is_behind
):
    """A view disconnects the other pages of its user and renders one. A busy process comes to the
    reply of Redis late, each time."""
    registry = store.open()
    before = clock.monotonic()
    eventually(lambda: age_in_ms(before) > 2)
    registry.end_user(USER)
    ended_at = clock.monotonic()
    eventually(lambda: clock.monotonic() > ended_at + 0.001)
    asked = clock.monotonic() if is_behind else before
    check = RevocationCheck(registry._own.get().clients.tombstones, Grant(USER, asked, {}))

    reply = registry._pool.ask([check.question()], registry._pool.deadline())
    eventually(lambda: age_in_ms(asked) > 10)
    check.note(*reply)

    assert (check.is_unsure, check.is_disconnected) == (False, not is_behind)


@pytest.fixture
def slow_way(store):
    """A process's registry whose commands to Redis can be delayed."""
    port = store.client.connection_pool.connection_kwargs["port"]
    with contextlib.closing(Tunnel(port)) as tunnel:
        far = store.open(REDIS=f"redis://127.0.0.1:{tunnel.port}/0")
        far.subscribe("b" * 64, [ROOM])

        @contextlib.contextmanager
        def held_up(work):
            tunnel.freeze(("up",))
            before = tunnel.held
            thread = threading.Thread(target=work, args=(far,))
            thread.start()
            eventually(lambda: tunnel.held > before)
            yield
            # Otherwise both may fall into one millisecond.
            moment = clock.monotonic()
            eventually(lambda: clock.monotonic() > moment + 0.002)
            tunnel.thaw()
            thread.join()

        yield held_up
        far.close()


def subscribe(registry):
    now = clock.monotonic()
    registry.subscribe(PAGE, [ROOM, OTHER_ROOM], Grant(USER, now, {ROOM: now, OTHER_ROOM: now}))


def test_user_who_is_banned_while_the_command_travels_does_not_connect(store, slow_way):
    """A user is banned while the page's command is on its way to Redis. The page does not
    connect."""
    near = store.open()

    with slow_way(subscribe):
        near.end_user(USER)

    assert near.connect(PAGE, "1", USER).has_ended


def test_user_who_is_put_out_while_the_command_travels_stays_out(store, slow_way):
    """A user is removed from one channel while the command is on its way. The page is not
    subscribed to that channel."""
    near = store.open()

    with slow_way(subscribe):
        near.end_user(USER, ROOM)

    assert set(near.connect(PAGE, "1", USER).subscriptions) == {OTHER_ROOM}
