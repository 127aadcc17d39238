"""A message is still being handled when its user logs out; the server keeps the sessions."""

import pathlib

import pytest

from tests.eventually import eventually

from .people import Person


@pytest.fixture(params=["gevent", "gthread"])
def server(serve, request, tmp_path):
    for name in ("sessions", "hold"):
        (tmp_path / name).mkdir()
    environ = {
        "KEPT_BY": "server",
        "SESSIONS": str(tmp_path / "sessions"),
        "HOLD": str(tmp_path / "hold"),
    }
    return serve("accounts:app", request.param, environ=environ)


@pytest.mark.parametrize("action", ["look", "fill"])
@pytest.mark.parametrize("way", ["/logout", "/clear", "/logout-everywhere"])
def test_message_does_not_log_its_user_in_again(server, tmp_path, action, way):
    """The message does not save the session, whether it has changed it or would only prolong it."""
    hold = pathlib.Path(tmp_path, "hold")
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


def test_message_saves_its_session_while_its_user_stays(server, tmp_path):
    """Without a log-out, the message saves the session that it has changed."""
    hold = pathlib.Path(tmp_path, "hold")
    (hold / "go").touch()
    person = Person(server.url)
    person.log_in("somebody")

    with person.open(person.show("/"), resume=True) as socket:
        socket.resume()
        assert socket.ask("fill", data="full")["status"] == 204

    assert person.get("/cart").text == "full"
