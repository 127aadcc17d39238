"""The page of a chat is on no channel at first; the browser joins rooms."""

import pytest
import requests

from tests.eventually import DEADLINE

from ..integration.conftest import unexpected_tracebacks

pytestmark = pytest.mark.shares_tabs

JOIN = {
    "handler": "room => realtime.send('join', room)",
    "call": "room => realtime.call(`/rooms/${room}/join`, { method: 'post' })",
    "HTTP": "room => realtime.fetch(`/rooms/${room}/join`, { method: 'post' })"
    ".then(({ status }) => ({ status }))",
}


@pytest.fixture(scope="module")
def rooms(serve):
    with serve("rooms") as server:
        yield server.url
        log = server.log()
    assert unexpected_tracebacks(log) == []


@pytest.fixture
def ada(come, rooms):
    ada = come(rooms)
    ada.visit("/")
    return ada


def push(person, room, text):
    response = requests.post(f"{person.url}/push/{room}/{text}", timeout=DEADLINE)
    assert response.status_code == 204


def ask(person, what, room):
    return person.run(
        "([what, room]) => realtime.call(`/rooms/${room}/${what}`, { method: 'post' })",
        [what, room],
    )["status"]


@pytest.fixture(params=JOIN)
def join(request):
    """A function that joins a room by a handler or by a call; it returns the status of the
    answer."""
    return lambda person, room: person.run(JOIN[request.param], room)["status"]


def test_page_hears_the_rooms_that_it_joins_from_then_on(ada, join, channel):
    """A person joins two rooms, one after the other, and receives messages of these rooms only."""
    one, other, third = (f"{channel}-{number}" for number in range(3))
    push(ada, one, "too-early")

    assert join(ada, one) == 204
    push(ada, one, "first")
    assert join(ada, other) == 204
    push(ada, third, "elsewhere")
    push(ada, other, "second")

    ada.wait_until_heard(f"room:{other} second")
    assert ada.run("heard") == [f"room:{one} first", f"room:{other} second"]


def test_room_that_refuses_is_not_heard(ada, join, channel):
    """A view or handler refuses a room by abort(). The person receives none of its messages, and
    may join others."""
    assert join(ada, "secret") == 403
    assert join(ada, channel) == 204

    push(ada, "secret", "psst")
    push(ada, channel, "hi")

    ada.wait_until_heard(f"room:{channel} hi")
    assert ada.run("heard") == [f"room:{channel} hi"]
    ada.forgive("Failed to load resource: the server responded with a status of 403")


def test_page_comes_back_to_its_rooms_and_misses_nothing(ada, join, channel):
    """A person joins rooms over the socket, and the socket closes. After reconnecting the page is
    in the same rooms, and has missed no message."""
    join(ada, channel)
    push(ada, channel, "1")
    ada.wait_until_heard(f"room:{channel} 1")
    ada.go_offline()
    push(ada, channel, "2")
    push(ada, channel, "3")

    ada.context.set_offline(False)
    ada.wait_until_heard(f"room:{channel} 3")
    ada.wait_until_open()

    assert ask(ada, "say", channel) == 204
    ada.wait_until_heard(f"room:{channel} said")
    assert ada.run("heard") == [f"room:{channel} {text}" for text in ("1", "2", "3", "said")]
    assert ada.run("lost") == 0
    ada.forgive("Failed to load resource", "WebSocket connection")


def test_room_that_was_left_is_heard_no_more(ada, join, channel):
    """A person leaves a room, receives none of its messages any more, and may not write there."""
    left, kept = f"{channel}-left", f"{channel}-kept"
    join(ada, left)
    join(ada, kept)

    assert ask(ada, "leave", left) == 204
    push(ada, left, "gone")
    push(ada, kept, "hi")

    ada.wait_until_heard(f"room:{kept} hi")
    assert ada.run("heard") == [f"room:{kept} hi"]
    assert ask(ada, "say", left) == 403
