"""A banned user has pages without subscriptions, which the registry does not know."""

import pytest
from websockets.exceptions import ConnectionClosed

from flask_realtime.threads import clock
from tests.eventually import eventually

from .people import Person


@pytest.fixture(params=[("gevent", "memory", 1), ("gthread", "redis", 1), ("gevent", "redis", 2)])
def server(share, request):
    return share("logins:app", *request.param)


def is_let_in(person, page):
    with person.open(page, resume=True) as socket:
        try:
            return socket.resume()["status"] == 200
        except ConnectionClosed:
            assert socket.websocket.close_code == 4001
            return False


def let_a_second_pass():
    """A process knows the time of Redis but for as long as Redis takes to answer, which is a while
    on a loaded machine: a page that was asked for within that time before a ban may count as one
    from after it."""
    now = clock.monotonic()
    eventually(lambda: clock.monotonic() > now + 1)


def test_pages_from_before_the_ban_stay_away_and_later_ones_come(server):
    """Pages from before the ban do not connect, and later ones do; whether the app still shows
    pages to the user is up to the app."""
    person = Person(server.url)
    person.log_in("somebody")
    person.show("/inbox")
    closed, away, unopened = [person.show("/bare") for _ in range(3)]
    with person.open(away, resume=True) as socket:
        socket.resume()
    let_a_second_pass()

    with person.open(closed, resume=True) as socket:
        socket.resume()
        Person(server.url).post("/ban/somebody")
        assert socket.close_code() == 1000

    # Both may fall into one millisecond.
    assert eventually(lambda: is_let_in(person, person.show("/bare")))
    for page in (closed, away, unopened, "a-page-that-was-made-up"):
        assert not is_let_in(person, page)


def test_first_page_of_a_session_stays_away_too(server):
    """The page, which begins the session's key, was rendered before the ban, and comes after it."""
    person = Person(server.url)
    person.navigate("/login", "POST", data={"user": "first"}, allow_redirects=False)
    page = person.show("/bare")
    let_a_second_pass()

    Person(server.url).post("/ban/first")

    assert eventually(lambda: is_let_in(person, person.show("/bare")))
    assert not is_let_in(person, page)


def test_page_of_another_session_is_no_newer_page(server):
    """Anybody can get a page of another session. Its id does not help with the banned user's
    cookie."""
    banned, other = Person(server.url), Person(server.url)
    for person in (banned, other):
        person.log_in("somebody" if person is banned else "another")
        person.show("/inbox")
    with banned.open(banned.show("/bare"), resume=True) as socket:
        socket.resume()
        other.post("/ban/somebody")
        assert socket.close_code() == 1000

    page = other.show("/bare")

    assert is_let_in(other, page)
    assert not is_let_in(banned, page)
