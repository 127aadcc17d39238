"""Every registry: users who are removed from very many channels."""

import pytest

from flask_realtime.registries.records import Grant
from flask_realtime.threads import clock

from ..eventually import eventually

PAGE, LATER_PAGE = "a" * 32 + "5" * 32, "b" * 32 + "6" * 32
USER = "a%3Ab%40c"
MOST = 10
ROOMS = [f"room:{number}" for number in range(5 * MOST)]


@pytest.fixture(autouse=True)
def _few_are_remembered(monkeypatch):
    for module in ("memory.sessions", "redis.tombstones"):
        monkeypatch.setattr(f"flask_realtime.registries.{module}.MOST_LEFT_BY_USER", MOST)


def leave_all(registry):
    for room in ROOMS:
        registry.end_user(USER, room)


def test_page_that_is_away_comes_back_to_none_of_them(registry):
    """A page reconnects after its user was removed from many channels. It is on none of them,
    neither the first, which the registry has forgotten, nor the last."""
    registry.subscribe(PAGE, ROOMS)

    leave_all(registry)

    assert not registry.connect(PAGE, "1", USER).subscriptions


def test_channel_is_kept_that_was_granted_after_all(registry):
    """A channel to which the user was subscribed again stays, whether or not the registry remembers
    the removal."""
    leave_all(registry)
    ended = clock.monotonic()
    # Else both may fall into one millisecond.
    eventually(lambda: clock.monotonic() > ended + 0.002)

    registry.subscribe(PAGE, ROOMS, Grant(USER, clock.monotonic(), {}))

    assert set(registry.connect(PAGE, "1", USER).subscriptions) == set(ROOMS)


def test_channel_is_kept_that_the_user_was_never_put_out_of(registry):
    """A channel from which the user was never removed stays if the page was subscribed to it after
    the removals that are forgotten."""
    leave_all(registry)
    ended = clock.monotonic()
    eventually(lambda: clock.monotonic() > ended + 0.002)
    registry.subscribe(PAGE, ["hall", ROOMS[0]])

    registry.end_user(USER, ROOMS[0])

    assert set(registry.connect(PAGE, "1", USER).subscriptions) == {"hall"}


def test_request_under_way_is_granted_none_of_them(registry):
    """A request had asked for the channels before the removals. It gets none of them."""
    asked = clock.monotonic() - 1
    leave_all(registry)

    grant = Grant(USER, asked, dict.fromkeys(ROOMS, asked))
    registry.subscribe(PAGE, ROOMS, grant)
    registry.subscribe(LATER_PAGE, ROOMS, Grant("somebody", grant.began, grant.asked))

    assert not registry.subscriptions([PAGE])[PAGE]
    assert set(registry.subscriptions([LATER_PAGE])[LATER_PAGE]) == set(ROOMS)


def test_ban_is_remembered(registry):
    """A ban of the user is not forgotten with the channels."""
    registry.subscribe(PAGE, ["hall"])
    registry.end_user(USER)

    leave_all(registry)

    assert registry.connect(PAGE, "1", USER).has_ended
