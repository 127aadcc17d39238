"""Every registry: ends of users that are recorded late, because the registry was unavailable."""

import pytest

from flask_realtime.errors import CloseCode
from flask_realtime.registries.records import LATE_MS, ConnectionRecord, Disconnect, Grant
from flask_realtime.registries.subscriptions import Known
from flask_realtime.threads import clock

from ..eventually import eventually

EARLIER_PAGE, LATER_PAGE = "a" * 32 + "5" * 32, "b" * 32 + "6" * 32
USER, ROOM = "a%3Ab%40c", "room:7"
HOUR = 3_600_000


def ago(seconds):
    return clock.monotonic() - seconds


def subscribe(registry, page, seconds_ago=0):
    """Subscribe a page for a request that came, and asked, so many seconds ago."""
    asked = ago(seconds_ago)
    registry.subscribe(page, [ROOM], Grant(USER, asked, {ROOM: asked}))


def test_page_of_a_later_log_in_stays(registry):
    """A ban is recorded late. Pages from before the ban are refused, and pages of a later log-in
    stay."""
    subscribe(registry, EARLIER_PAGE, seconds_ago=7200)
    subscribe(registry, LATER_PAGE)

    registry.end_user(USER, None, HOUR)

    assert registry.connect(EARLIER_PAGE, "1", USER).has_ended
    assert not registry.connect(LATER_PAGE, "1", USER).has_ended


def test_end_that_is_told_late_takes_no_later_one_back(registry):
    """A second ban was recorded before the first. It still counts."""
    subscribe(registry, EARLIER_PAGE, seconds_ago=1800)

    registry.end_user(USER)
    registry.end_user(USER, None, HOUR)

    assert registry.connect(EARLIER_PAGE, "1", USER).has_ended


def test_channel_that_was_granted_later_is_kept(registry):
    """A user's removal from a channel is recorded late. A later subscription stays, and a request
    from before the removal gets none."""
    subscribe(registry, LATER_PAGE)
    registry.end_user(USER, ROOM, HOUR)
    subscribe(registry, EARLIER_PAGE, seconds_ago=7200)

    assert set(registry.connect(LATER_PAGE, "1", USER).subscriptions) == {ROOM}
    assert not registry.connect(EARLIER_PAGE, "1", USER).subscriptions


def test_channel_that_was_asked_for_before_the_removal_ends_though_it_was_granted_later(registry):
    """A handler asks for a room, then its user is removed from the room, then the handler is done.
    The registry is told of the removal last: of when it was."""
    subscribe(registry, EARLIER_PAGE, seconds_ago=7200)
    subscribe(registry, LATER_PAGE, seconds_ago=7200)
    subscribe(registry, LATER_PAGE, seconds_ago=1800)
    subscribe(registry, LATER_PAGE, seconds_ago=5400)

    registry.end_user(USER, ROOM, HOUR)

    assert not registry.connect(EARLIER_PAGE, "1", USER).subscriptions
    assert set(registry.connect(LATER_PAGE, "1", USER).subscriptions) == {ROOM}


def test_removal_counts_that_the_page_itself_has_noted_before_the_registry_is_told(registry):
    """The process of the page's socket has taken the page off the room, and recorded that, before
    the registry is told of the removal, and before the earlier request subscribes the page."""
    subscribe(registry, EARLIER_PAGE, seconds_ago=7200)
    registry.unsubscribe(EARLIER_PAGE, {ROOM: -HOUR})
    left = set(registry.subscriptions([EARLIER_PAGE])[EARLIER_PAGE])
    subscribe(registry, EARLIER_PAGE, seconds_ago=7200)

    registry.end_user(USER, ROOM, HOUR)

    assert left == set()
    assert not registry.connect(EARLIER_PAGE, "1", USER).subscriptions


def test_subscription_that_was_lost_and_written_again_is_as_old_as_its_request(registry):
    """Redis lost its data between the earlier request and the removal that is recorded late."""
    for page, seconds in ((EARLIER_PAGE, 7200), (LATER_PAGE, 1800)):
        subscribe(registry, page, seconds_ago=seconds)
        found = registry.subscriptions([page])[page]
        known = Known().joined(found)
        registry.forget_client(page)
        registry.restore([(ConnectionRecord(page, "1", {ROOM: found[ROOM].since}), known)])

    registry.end_user(USER, ROOM, HOUR)

    assert not registry.connect(EARLIER_PAGE, "2", USER).subscriptions
    assert set(registry.connect(LATER_PAGE, "2", USER).subscriptions) == {ROOM}


def test_client_that_leaves_late_keeps_what_it_was_subscribed_to_since(registry):
    """A process records late that a page left a channel, and another process has subscribed the
    page again. The new subscription stays."""
    registry.subscribe(EARLIER_PAGE, ["room:8"])
    subscribed = clock.monotonic()
    # Else both may fall into one millisecond.
    eventually(lambda: clock.monotonic() > subscribed + 0.005)
    registry.subscribe(EARLIER_PAGE, [ROOM])

    registry.unsubscribe(EARLIER_PAGE, {ROOM: -HOUR})
    registry.unsubscribe(EARLIER_PAGE, {"room:8": -1})
    registry.unsubscribe(LATER_PAGE, {ROOM: -HOUR})

    assert set(registry.subscriptions([EARLIER_PAGE])[EARLIER_PAGE]) == {ROOM}
    assert not registry.subscriptions([LATER_PAGE])[LATER_PAGE]


def test_process_that_is_late_to_take_a_page_off_a_channel_is_told_since_when(
    registry, heard_by_other, other
):
    """A user is put out of a room, and the page asks for it again. A process that hears of it late,
    and notes that the page has left, ends nothing of that."""
    subscribe(registry, EARLIER_PAGE, seconds_ago=0)
    other.connect(EARLIER_PAGE, "1", USER)
    registry.end_user(USER, ROOM)
    ended = clock.monotonic()
    eventually(lambda: clock.monotonic() > ended + 0.005)
    subscribe(registry, EARLIER_PAGE, seconds_ago=0)
    heard_by_other.wait_for(lambda: heard_by_other.unsubscribed)

    other.unsubscribe(EARLIER_PAGE, {ROOM: heard_by_other.unsubscribed_at})

    assert set(registry.subscriptions([EARLIER_PAGE])[EARLIER_PAGE]) == {ROOM}


def test_sockets_come_back_with_what_they_were_granted_later(registry, other, heard_by_other):
    """Another process cannot tell earlier subscriptions from later ones, so its sockets reconnect,
    and the registry decides."""
    other.connect(LATER_PAGE, "1", USER)

    registry.end_user(USER, ROOM, LATE_MS + 1)
    registry.end_user(USER, "room:8")

    heard_by_other.wait_for(lambda: heard_by_other.unsubscribed)
    assert heard_by_other.unsubscribed == [(USER, "room:8")]
    come_back = Disconnect(user=USER, code=CloseCode.SERVICE_RESTART)
    assert heard_by_other.disconnected == [come_back]


def test_page_that_hears_nothing_is_as_old_as_it_is_however_often_it_connects(registry):
    """A page without subscriptions is known from its first socket on, and as old as its request,
    however often it connects."""
    registry.connect(EARLIER_PAGE, "1", USER, asked_at=ago(7200))
    registry.connect(LATER_PAGE, "2", USER, asked_at=ago(1800))

    registry.end_user(USER, None, HOUR)

    assert registry.connect(EARLIER_PAGE, "3", USER, asked_at=ago(7200)).has_ended
    assert not registry.connect(LATER_PAGE, "4", USER, asked_at=ago(1800)).has_ended


def test_page_that_has_left_a_channel_first_is_as_old_as_it_is(registry):
    """The first that the registry hears of a page is that it left a channel. The page is as old as
    its request."""
    registry.unsubscribe(EARLIER_PAGE, ["room:8"])
    registry.connect(EARLIER_PAGE, "1", USER, asked_at=ago(7200))
    subscribe(registry, EARLIER_PAGE)

    registry.end_user(USER, None, HOUR)

    assert registry.connect(EARLIER_PAGE, "2", USER, asked_at=ago(7200)).has_ended


def test_page_that_was_lost_is_as_old_as_its_socket(registry):
    """Redis lost its data, and a process that could not reach it had banned the user before. The
    page that is written again must not be younger than that ban."""
    for page, minutes in ((EARLIER_PAGE, 90), (LATER_PAGE, 30)):
        opened_at = clock.monotonic() - 60 * minutes
        registry.restore([(ConnectionRecord(page, "1", {}, opened_at), Known())])

    registry.end_user(USER, None, HOUR)

    assert registry.connect(EARLIER_PAGE, "2", USER).has_ended
    assert not registry.connect(LATER_PAGE, "2", USER).has_ended


def test_user_who_is_let_in_again_hears_nothing_of_the_time_in_between(registry, push, request):
    """A user is put out of a room while a page of the user is away, and the page asks for the room
    again before it is back. It begins behind what was said meanwhile."""
    if "cluster" in request.node.name:
        pytest.skip("A cluster keeps users and clients in several slots.")
    subscribe(registry, EARLIER_PAGE)
    registry.end_user(USER, ROOM)
    ended = clock.monotonic()
    eventually(lambda: clock.monotonic() > ended + 0.005)
    (said,) = registry.publish([push(ROOM)])
    subscribe(registry, EARLIER_PAGE)

    found = registry.connect(EARLIER_PAGE, "1", USER).subscriptions
    assert found[ROOM].begins == said
