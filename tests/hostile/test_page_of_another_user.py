"""A page of one user is away, while another user logs in with the same browser, on another tab.

What the first user has pressed meanwhile waits in the page, and is sent as soon as the page has a
socket.
"""

import json

import pytest
from websockets.exceptions import ConnectionClosed

from tests.eventually import DEADLINE
from tests.integration.browsers import connection_id

from .people import Person


@pytest.fixture(params=[("gevent", "memory", 1), ("gthread", "redis", 2)], ids=lambda kind: kind[0])
def server(share, request):
    return share("accounts:app", *request.param)


@pytest.fixture
def person(server):
    return Person(server.url)


@pytest.mark.parametrize("path", ["/inbox", "/"])
@pytest.mark.parametrize("way", [lambda person: None, Person.log_out], ids=["at once", "log-out"])
def test_what_waits_in_the_page_is_not_sent_in_the_name_of_another_user(person, path, way):
    """The page is told that the session has changed, and none of its messages is handled."""
    person.log_in("ada")
    person.show()  # begins the session
    page = person.show(path)

    way(person)
    person.log_in("bob")

    assert_turned_away(person, page)


@pytest.mark.parametrize("request_of_page", [("GET", "/rooms/1"), ("POST", "/leave/1")])
def test_page_of_another_user_gets_no_socket_by_its_own_requests(person, request_of_page):
    """A script of the page of ada goes on, with the cookie of bob: it fetches a block, or leaves a
    room, by which the server gets to know the page with bob's session."""
    person.log_in("ada")
    person.show()
    page = person.show("/rooms/1")
    person.log_in("bob")

    person.fetch(*request_of_page, page)

    assert_turned_away(person, page)


def test_page_of_who_goes_on_as_another_user_is_not_of_the_former_one(person):
    """The administrator ada acts as bob, with a page of bob's open. That page is away while ada is
    herself again: what was written as bob is not sent in ada's name."""
    person.log_in("ada")
    person.show()
    page = connection_id(person.navigate("/become/bob", "POST").text)

    person.log_in("ada")

    assert_turned_away(person, page)


def test_page_of_a_user_who_was_recognized_while_it_was_rendered_is_the_users(person):
    """The view subscribes the page, and only then is the visitor known, as by a cookie that
    remembers ada. The page is away while bob logs in."""
    person.show()
    page = connection_id(person.navigate("/become/ada", "POST").text)

    person.log_in("bob")

    assert_turned_away(person, page)


def test_id_that_the_app_reads_is_of_the_user_of_then(person):
    """A page of the app's own gets its id by JSON, after the request has changed the user."""
    person.log_in("ada")
    person.show()

    found = person.navigate("/become-and-tell/bob", "POST").json()

    assert found["page"] == found["again"]
    with person.open(found["page"], resume=True) as socket:
        assert socket.resume()["known"]
        assert socket.ask("me", data={})["body"]["user"] == "bob"
    person.log_in("ada")
    assert_turned_away(person, found["page"])


def assert_turned_away(person, page):
    with person.open(page, resume=True) as socket:
        with pytest.raises(ConnectionClosed):
            for action in ("resume", "me"):
                message = {"id": action, "action": action, "data": {}, "positions": {}}
                socket.websocket.send(json.dumps(message))
            socket.websocket.recv(timeout=DEADLINE)
        assert socket.websocket.close_code == 4001


def test_page_goes_on_if_its_user_logs_in_again_or_nobody_does(person):
    """The page of a user who has logged out, and that of a stranger, may be shown with what the
    next log-in grants."""
    of_nobody = person.show()
    person.log_in("ada")
    person.show()
    page = person.show("/inbox")

    person.log_out()
    for way in (lambda: None, lambda: person.log_in("ada")):
        way()
        for one in (page, of_nobody):
            with person.open(one, resume=True) as socket:
                assert not socket.resume()["known"]
                assert socket.ask("me", data={})["status"] == 200


def test_page_of_a_user_who_is_rendered_by_the_log_in_itself_is_the_users(person):
    """Neither a log-in nor a log-out that answers with a page, in place of a redirect, makes its
    page another user's."""
    person.log_in("ada")
    person.show()
    page = person.show("/as/bob")

    with person.open(page, resume=True) as socket:
        assert socket.resume()["known"]


def test_page_whose_own_request_changes_the_user_is_the_later_users(person):
    """An administrator goes on as somebody else. The view has subscribed the page before."""
    person.log_in("ada")
    person.show()

    page = connection_id(person.navigate("/become/bob", "POST").text)

    with person.open(page, resume=True) as socket:
        assert socket.resume()["known"]
        assert socket.ask("me", data={})["body"]["user"] == "bob"


@pytest.mark.parametrize("kind", [("gevent", "memory", 1), ("gthread", "redis", 2)])
def test_open_page_sends_nothing_in_the_name_of_another_user(share, hold, tmp_path_factory, kind):
    """The server keeps the session, in which bob has just logged in. The answer is still being
    sent, so that the open page of ada has not been told."""
    sessions = str(tmp_path_factory.mktemp("sessions"))
    environ = {"KEPT_BY": "server", "SESSIONS": sessions, "HOLD": str(hold)}
    person = Person(share("accounts:app", *kind, environ=environ).url)
    person.log_in("ada")
    with person.open(person.show("/inbox"), resume=True) as socket:
        socket.resume()
        assert socket.ask("me", data={})["body"]["user"] == "ada"

        with person.navigate("/login-slowly", "POST", data={"user": "bob"}, stream=True) as answer:
            assert next(answer.iter_content(7)) == b"welcome"
            assert socket.ask("me", data={}).get("refused") == "reconnect"
            assert socket.close_code() == 1012
            (hold / "go").touch()
