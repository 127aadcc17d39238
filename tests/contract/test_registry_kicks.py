"""Every registry: users are put out of channels, and let in again, many times within a few ms."""

import pytest

from flask_realtime.registries.records import Grant
from flask_realtime.threads import clock

from .clients import subscriptions

PAGE, NEW_PAGE = "a" * 32 + "5" * 32, "b" * 32 + "5" * 32
USER, ROOM = "a%3Ab%40c", "room:7"
TIMES = 30


def ask(registry, page, *channels):
    """Subscribe a page for a request that comes now."""
    registry.subscribe(page, channels, Grant(USER, clock.monotonic(), {}))


def kick(registry, heard):
    """Put the user out of the room; return when that was, as the registry says."""
    registry.end_user(USER, ROOM)
    return heard.unsubscribed_at


def note(registry, page, when):
    """Have a client leave the room that was put out of it a moment ago, as its process does."""
    registry.unsubscribe(page, {ROOM: when})


@pytest.fixture
def knows_users(kind):
    """Skip a registry that knows nothing of the user where it subscribes a page: in a cluster, the
    order within one ms is not known."""
    if kind == "redis_cluster":
        pytest.skip("The user is in another slot.")


@pytest.fixture
def page(registry):
    """A page that has asked for something else before."""
    ask(registry, PAGE, "another")
    return PAGE


def test_page_that_has_just_asked_several_times_is_put_out(registry, heard, page):
    """A page asks for some channels, one after the other, and its user is put out of one of them at
    once. The page is off it."""
    for _ in range(TIMES):
        for channel in ("one", ROOM, "two", ROOM, "three"):
            ask(registry, page, channel)
        note(registry, page, kick(registry, heard))

        assert ROOM not in subscriptions(registry, page)


@pytest.mark.usefixtures("knows_users")
def test_page_that_asks_right_behind_that_is_let_in(registry, heard, page):
    """A user is put out of a channel on which no page of the user is, and then a page asks for it.
    It stays, though its process notes only then that it was put out."""
    for _ in range(TIMES):
        when = kick(registry, heard)
        ask(registry, page, ROOM)
        note(registry, page, when)

        assert ROOM in subscriptions(registry, page)
        registry.unsubscribe(page, [ROOM])


@pytest.mark.usefixtures("knows_users")
def test_new_page_that_asks_right_behind_that_is_let_in(registry, heard):
    """The same for a page that the registry does not know yet, and whose socket comes later."""
    for _ in range(TIMES):
        kick(registry, heard)
        ask(registry, NEW_PAGE, ROOM)

        assert ROOM in registry.connect(NEW_PAGE, "1", USER).subscriptions
        registry.forget_client(NEW_PAGE)


def test_page_is_put_out_again_right_behind_that(registry, heard, page):
    """A user is put out, let in, and put out again at once. The page is off the channel."""
    for _ in range(TIMES):
        kick(registry, heard)
        ask(registry, page, ROOM)
        note(registry, page, kick(registry, heard))

        assert ROOM not in subscriptions(registry, page)
