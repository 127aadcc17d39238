"""Every registry: pushes to a pattern, and the logs of rooms that nobody hears, as strangers make
up such rooms."""

import pytest

from flask_realtime.protocol.pushes import make_pushes
from flask_realtime.threads import clock

from ..eventually import eventually

ROOM = "room:1"


@pytest.fixture
def registry(open_registry):
    """A registry that has a room whose page has gone; a page may be away for three seconds."""
    return begin_a_room(open_registry, HISTORY_TTL_SECONDS=3, HISTORY_SIZE=10**6)


def begin_a_room(open_registry, **settings):
    """Return a registry with a room that stays known."""
    registry = open_registry(CONNECT_TIMEOUT_SECONDS=1, **settings)
    registry.subscribe("a page", [ROOM])
    registry.refresh([], [ROOM])
    return registry


def let_pass(seconds):
    now = clock.monotonic()
    eventually(lambda: clock.monotonic() > now + seconds)


def let_nobody_be_awaited():
    let_pass(5.5)


def tail_of(registry):
    return registry.read({ROOM: None}, 1)[ROOM].tail


def push_to_all(registry, payload="1"):
    registry.publish(make_pushes(payload, ["room:*"], registry.matching, registry.new_push_id()))


def read(registry, cursor):
    """Return what is in the log behind *cursor*; None if it is lost."""
    page = registry.read({ROOM: cursor}, 1000)[ROOM]
    return None if page.lost else [one.payload for one in page.publications]


def test_push_to_a_pattern_is_not_kept_for_a_room_that_nobody_hears(registry):
    """A page that comes back all the same is told that it has lost a message. What is pushed once
    the page is there is kept."""
    before = tail_of(registry)
    let_nobody_be_awaited()

    push_to_all(registry)

    assert read(registry, before) is None
    registry.subscribe("another page", [ROOM])
    behind = tail_of(registry)
    push_to_all(registry, "2")
    assert read(registry, behind) == ["2"]


def test_push_to_a_pattern_is_kept_where_a_process_hears_the_room(registry):
    """A page is there, which may lose its connection for a moment."""
    registry.listen([ROOM])
    before = tail_of(registry)
    let_nobody_be_awaited()

    push_to_all(registry)

    assert read(registry, before) == ["1"]


def test_push_to_a_pattern_is_kept_for_a_page_that_is_away(open_registry):
    """A page that is alone in its room is in a tunnel, for longer than a page may take to connect.
    The process hears the room no longer."""
    registry = begin_a_room(open_registry, HISTORY_TTL_SECONDS=600)
    registry.listen([ROOM])
    before = tail_of(registry)
    registry.refresh([], [ROOM])
    registry.ignore([ROOM])
    let_pass(2.5)
    registry.subscribe("another page", [ROOM])
    let_pass(2.5)

    push_to_all(registry)

    assert read(registry, before) == ["1"]


def test_push_to_a_pattern_follows_what_the_log_has(registry, push):
    """A room's messages are kept for pages that begin with them; a push to all rooms follows
    them."""
    before = tail_of(registry)
    let_nobody_be_awaited()
    registry.publish([push(ROOM, "1")])

    push_to_all(registry, "2")

    assert read(registry, before) == ["1", "2"]


def test_pushes_to_a_pattern_keep_no_log_that_nobody_hears(registry, push):
    """Messages are pushed to all rooms again and again. The log of a room that nobody hears ends
    with its own messages."""
    before = tail_of(registry)
    registry.publish([push(ROOM, "1")])

    def is_over():
        push_to_all(registry, "2")
        return read(registry, before) is None

    eventually(is_over)
