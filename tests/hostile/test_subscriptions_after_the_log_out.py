"""After a user's log-out, a thief still has a page, its id, and the session's cookie."""

import pytest

from .people import Person


@pytest.fixture(params=["identified", "cleared", "everywhere", "kept by the server"])
def way(request):
    return request.param


@pytest.fixture(scope="module")
def sessions(tmp_path_factory):
    """The folder in which a server keeps sessions."""
    return tmp_path_factory.mktemp("sessions")


@pytest.fixture
def server(share, way, sessions):
    environ = {}
    if way in ("cleared", "everywhere"):
        environ["SAYS_NOTHING"] = "1"
    if way == "kept by the server":
        environ.update(KEPT_BY="server", SESSIONS=str(sessions))
    return share("accounts:app", environ=environ)


@pytest.fixture
def log_out(way):
    path = {"cleared": "/clear", "everywhere": "/logout-everywhere"}.get(way, "/logout")
    return lambda person: person.log_out(path)


@pytest.fixture
def person(server):
    person = Person(server.url)
    person.log_in("somebody")
    return person


def test_open_socket_is_closed_by_the_log_out(person, log_out, way):
    """The sockets of all pages of the browser close, not only that of the page that logs out."""
    with person.open(person.show("/inbox")) as socket, person.open(person.show("/")) as other:
        log_out(person)

        code = 1000 if way == "everywhere" else 4001
        assert {socket.close_code(), other.close_code()} == {code}


@pytest.mark.parametrize("was_open", [True, False])
def test_page_does_not_come_back_with_the_cookie_that_was_kept(person, log_out, was_open, way):
    """Neither a page that had a socket before nor one that was still loading comes back."""
    page = person.show("/inbox")
    thief = person.copy()
    if was_open:
        with person.open(page, resume=True) as socket:
            socket.resume()

    log_out(person)

    if way == "kept by the server":
        # The cookie names the session in the server's store, which goes on with another key.
        with thief.open(page, resume=True) as socket:
            assert socket.resume()["known"] is False
        return
    with thief.open(page, resume=True) as socket:
        assert socket.close_code() == 4001


def test_page_does_not_come_back_with_the_browsers_next_cookie(person, log_out):
    """The server no longer knows the page under the next session."""
    page = person.show("/inbox")

    log_out(person)
    person.show("/")

    with person.open(page, resume=True) as socket:
        assert socket.resume()["known"] is False
