"""A session that the server keeps is deleted from its store, or gets another id, while sockets of
its browser are open."""

import contextlib

import pytest
from websockets.exceptions import InvalidStatus

from .people import Person, somebody


@pytest.fixture(params=[("gevent", "memory", 1), ("gthread", "redis", 2)], ids=["one", "two"])
def server(request, serve, tmp_path):
    kind, registry, workers = request.param
    environ = {"KEPT_BY": "server", "SESSIONS": str(tmp_path)}
    return serve("accounts:app", kind, registry, workers, ALLOW_CALLS=True, environ=environ)


def sockets_of(person, count, opened):
    """Open the sockets of several inboxes of a person, in whichever processes take them."""
    pages = [person.show("/inbox") for _ in range(count)]
    sockets = [opened.enter_context(person.open(page, resume=True)) for page in pages]
    for socket in sockets:
        socket.resume()
    return pages, sockets


@pytest.mark.parametrize("way", ["handler", "call"])
def test_session_that_is_deleted_from_its_store_takes_its_sockets_along(server, tmp_path, way):
    """A stolen session is deleted from the store. As soon as one of its sockets sends anything, all
    of them are closed, and none comes back. The message is not handled."""
    victim = somebody(server.url)
    thief = victim.copy()
    with contextlib.ExitStack() as opened:
        pages, sockets = sockets_of(thief, 6, opened)
        for kept in tmp_path.iterdir():
            kept.unlink()

        if way == "handler":
            reply = sockets[0].ask("fill", data=["stolen"])
        else:
            reply = sockets[0].call("/tell/somebody", method="post", json="stolen")

        assert (reply["status"], reply["refused"]) == (503, "reconnect")
        assert [socket.close_code() for socket in sockets] == [1012] * 6
    for page in pages:
        with pytest.raises(InvalidStatus, match="403"):
            thief.open(page, resume=True)


def test_session_with_another_id_keeps_its_pages(server):
    """A request gives the session another id. The page that sends something by a socket of before
    comes back, and so do the others; they hear what was pushed meanwhile."""
    person = somebody(server.url)
    with contextlib.ExitStack() as opened:
        pages, sockets = sockets_of(person, 3, opened)
        person.navigate("/rotate", "POST")

        refused = sockets[0].call("/me")["refused"]
        codes = [socket.close_code() for socket in sockets]
        Person(server.url).post("/send/inbox:somebody", json="meanwhile")

        assert (refused, codes) == ("reconnect", [1012] * 3)
        assert person.me()["user"] == "somebody"
    for page in pages:
        with person.open(page) as again:
            assert again.payloads(1) == ["meanwhile"]
            assert again.call("/me")["body"]["user"] == "somebody"
