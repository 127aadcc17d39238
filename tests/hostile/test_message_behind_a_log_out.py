"""A message is still being handled when its user logs out; the server keeps the sessions."""

from contextlib import suppress

import pytest
from websockets.exceptions import ConnectionClosed

from tests.eventually import eventually

from .people import Person


@pytest.fixture(scope="module")
def sessions(tmp_path_factory):
    """The folder in which a server keeps sessions."""
    return tmp_path_factory.mktemp("sessions")


@pytest.fixture(params=["gevent", "gthread"])
def server(share, request, sessions, folder_of_holds):
    environ = {"KEPT_BY": "server", "SESSIONS": str(sessions), "HOLD": str(folder_of_holds)}
    return share("accounts:app", request.param, ALLOW_CALLS=True, environ=environ)


@pytest.mark.parametrize("action", ["look", "fill"])
@pytest.mark.parametrize("way", ["/logout", "/clear", "/logout-everywhere"])
def test_message_does_not_log_its_user_in_again(server, hold, action, way):
    """The message does not save the session, whether it has changed it or would only prolong it."""
    person = Person(server.url)
    person.log_in("somebody")
    thief = person.copy()
    with person.open(person.show("/"), resume=True) as socket:
        socket.resume()
        socket.send(action, data="full")
        eventually((hold / "arrived").exists)

        person.log_out(way)
        (hold / "go").touch()
        eventually((hold / "done").exists)

    assert person.me()["user"] is None
    assert thief.me()["user"] is None


def test_message_saves_its_session_while_its_user_stays(server, hold):
    """Without a log-out, the message saves the session that it has changed."""
    (hold / "go").touch()
    person = Person(server.url)
    person.log_in("somebody")

    with person.open(person.show("/"), resume=True) as socket:
        socket.resume()
        assert socket.ask("fill", data="full")["status"] == 204
        # The server writes this file after the reply, into a folder that is the next test's too.
        eventually((hold / "done").exists)

    assert person.get("/cart").text == "full"


def test_socket_that_has_logged_itself_out_is_closed_before_its_next_message(server, hold):
    """A thief ends the session by a message, with slow ones behind it, so as to hear what is pushed
    to the user for as long as these take. The socket is closed behind the reply to the log-out."""
    person = Person(server.url)
    person.log_in("somebody")
    with person.open(person.show("/inbox"), resume=True) as socket:
        socket.resume()
        log_out = socket.send("call-route", uri="/logout", method="post")
        # The socket may be closed before the last of them.
        with suppress(ConnectionClosed):
            for _ in range(3):
                socket.send("look")

        assert socket.reply(log_out)["status"] == 302
        assert socket.close_code() == 4001

    assert not (hold / "arrived").exists()
