"""A user is put out of a room, or banned, while a request is being handled that lets them in."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.eventually import eventually
from tests.integration.browsers import connection_id

from .people import Person

KINDS = [
    # Greenlets, and the registry in memory, are in the others.
    pytest.param(("gevent", "memory", 1), marks=pytest.mark.long),
    ("gthread", "memory", 1),
    ("gevent", "redis", 2),
]


@pytest.fixture(params=KINDS, ids=lambda kind: "-".join(kind[:2]))
def server(share, hold, request):
    return share("accounts:app", *request.param, environ={"HOLD": str(hold)})


@pytest.fixture
def person(server):
    person = Person(server.url)
    person.log_in("somebody")
    return person


@pytest.fixture
def admin(server):
    return Person(server.url)


@pytest.fixture
def meanwhile():
    """A function that calls another in a thread; returns a future."""
    with ThreadPoolExecutor() as threads:
        yield threads.submit


def join_by_http(person, page, socket, action):
    return person.post(f"/{action}/1", headers={"X-Realtime-Connection-Id": page}).status_code


def join_by_call(person, page, socket, action):
    return socket.call(f"/{action}/1", method="POST")["status"]


def join_by_handler(person, page, socket, action):
    return socket.ask(action, data="1")["status"]


@pytest.mark.parametrize("join", [join_by_http, join_by_call, join_by_handler])
@pytest.mark.parametrize(
    ("action", "is_put_out"), [("join", True), ("join", False), ("knock", True), ("knock", False)]
)
def test_open_page_that_joins_a_room_stays_out_if_its_user_is_put_out_meanwhile(
    person, admin, meanwhile, hold, join, action, is_put_out
):
    """The page does not hear the room, neither on its present socket nor on its next one: be it
    that its view ("join") has subscribed it before its user is put out, or that it ("knock") has
    looked before whether its user is a member, and subscribes it afterwards.
    """
    page = person.show("/rooms/2")
    with person.open(page, resume=True) as socket:
        assert socket.resume()["known"]
        joining = meanwhile(join, person, page, socket, action)
        eventually((hold / "arrived").exists)
        if is_put_out:
            admin.post("/kick/somebody/1")
        (hold / "go").touch()
        assert joining.result() == 204
        assert_room_is_heard(socket, admin, not is_put_out, "before")
    with person.open(page, resume=True) as socket:
        assert socket.resume()["known"]
        assert_room_is_heard(socket, admin, not is_put_out, "after")


def assert_room_is_heard(socket, admin, is_heard, when):
    """Assert that a page hears the room, or does not hear it.

    :param when: a mark for these pushes, since a page that comes back without positions hears
        earlier pushes again.
    """
    for_members, last = f"for members, {when}", f"last, {when}"
    admin.post("/send/room:1", json=for_members)
    admin.post("/send/room:2", json=last)
    # Messages of two channels may come in any order.
    awaited, found = {for_members, last} if is_heard else {last}, set()
    while not awaited <= found:
        found.add(socket.push()["payload"])
    assert (for_members in found) is is_heard


@pytest.mark.parametrize("is_put_out", [True, False])
def test_page_that_was_being_rendered_does_not_hear_what_its_user_was_put_out_of(
    person, admin, meanwhile, hold, is_put_out
):
    """The request came before, when its user was a member, and its view subscribes it afterwards.
    It hears its other room."""
    showing = meanwhile(person.show, "/late/1?also=2")
    eventually((hold / "arrived").exists)
    if is_put_out:
        admin.post("/kick/somebody/1")
    (hold / "go").touch()

    with person.open(showing.result(), resume=True) as socket:
        assert socket.resume()["known"]
        assert_room_is_heard(socket, admin, not is_put_out, "late")


def test_page_that_was_being_rendered_at_the_ban_does_not_come(person, admin, meanwhile, hold):
    """Its view subscribes the page after the ban, but the request came before."""
    showing = meanwhile(person.show, "/late/1")
    eventually((hold / "arrived").exists)
    admin.post("/ban/somebody")
    (hold / "go").touch()

    with person.open(showing.result(), resume=True) as socket:
        assert socket.close_code() == 4001


def test_page_that_ends_all_others_itself_goes_on(person, admin):
    """A page that changes the password and ends all other sessions is not ended itself."""
    earlier = person.show("/rooms/1")
    page = connection_id(person.post("/anew/1").text)

    with person.open(page, resume=True) as socket:
        assert socket.resume()["known"]
        admin.post("/send/room:1", json="hello")
        assert socket.payloads(1) == ["hello"]
    with person.open(earlier, resume=True) as socket:
        assert socket.close_code() == 4001
