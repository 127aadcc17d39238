"""A request by the page's own script, made at the same time, does not undo a log-out."""

import pytest

from .people import Person


@pytest.fixture
def server(share):
    return share("accounts:app", ALLOW_CALLS=True, environ={"PERMANENT": "1"})


@pytest.mark.parametrize("way", ["/logout", "/logout-everywhere", "/clear"])
def test_script_that_asks_with_the_earlier_cookie_sets_none(server, way):
    """The request is sent before the answer to the log-out, and answered after it: a cookie in this
    answer would log the browser in again."""
    person = Person(server.url)
    person.log_in("somebody")
    page = person.show("/inbox")
    with person.open(page, resume=True) as socket:
        socket.resume()
        assert socket.call("/cart", method="post", input={"cart": "full"})["session"]
        late = person.copy()

        person.log_out(way)
        response = late.take_over(page)

    assert response.headers.get("Set-Cookie") is None
    assert late.me()["user"] == "somebody"
    assert person.me()["user"] is None


def test_script_that_asks_for_nothing_sets_no_cookie(server):
    """Flask would renew a permanent session's cookie with any other response."""
    person = Person(server.url)
    person.log_in("somebody")

    response = person.take_over(person.show("/inbox"))

    assert response.status_code == 204
    assert response.headers.get("Set-Cookie") is None


def test_page_that_logs_out_over_its_socket_gets_it_done(server):
    """With the former cookie, the log-out itself can be fetched, but no other change."""
    person = Person(server.url)
    person.log_in("somebody")
    page, other = person.show("/inbox"), person.show("/inbox")
    with person.open(other, resume=True) as socket:
        socket.resume()
        assert socket.call("/cart", method="post", input={"cart": "full"})["session"]
    with person.open(page, resume=True) as socket:
        socket.resume()
        assert socket.call("/logout", method="post")["session"]
        assert socket.close_code() == 4001

    dropped = person.copy().take_over(other)
    person.take_over(page)

    assert dropped.headers.get("Set-Cookie") is None
    assert person.me()["user"] is None
