"""A log-out closes all sockets while one process after another gets a new secret key."""

import secrets

import pytest

from tests.eventually import eventually

from .people import Person, heard_until


@pytest.fixture(scope="module")
def servers(share):
    """One process that knows only the former key, and one that knows both; they share a Redis."""
    prefix = f"t{secrets.token_hex(4)}"
    earlier = share("accounts:app", "gevent", "redis", environ={"SECRET": "a"}, REDIS_PREFIX=prefix)
    present = share(
        "accounts:app",
        "gevent",
        "redis",
        environ={"SECRET": "b", "FALLBACKS": '["a"]'},
        REDIS_PREFIX=prefix,
    )
    return earlier, present


@pytest.fixture
def person(servers):
    """Somebody whose session was begun by the process that knows only the former key."""
    person = Person(servers[0].url)
    person.log_in("somebody")
    return person


@pytest.mark.parametrize("way", ["/logout", "/logout-everywhere"])
def test_log_out_at_the_new_process_ends_sockets_of_the_old(servers, person, way):
    """The new process computes the digests of these sockets with the former key."""
    earlier, present = servers
    page = person.show("/inbox")
    thief = person.copy()
    with person.open(page, resume=True) as socket:
        socket.resume()
        person.url = present.url

        person.log_out(way)

        assert socket.close_code() == (1000 if way == "/logout-everywhere" else 4001)
    for server in (earlier, present):
        thief.url = server.url
        with thief.open(page, resume=True) as again:
            assert again.close_code() == 4001


@pytest.mark.parametrize("way", ["/logout", "/logout-everywhere"])
def test_log_out_at_the_old_process_ends_sockets_of_the_new(servers, person, way):
    """The new process has rendered the page, and the cookie is still as the old one signed it."""
    earlier, present = servers
    person.show("/inbox")
    person.url = present.url
    with person.open(person.show("/inbox"), resume=True) as socket:
        socket.resume()
        person.url = earlier.url

        person.log_out(way)

        assert socket.close_code() == (1000 if way == "/logout-everywhere" else 4001)


def test_log_out_at_the_old_process_is_seen_by_the_new(servers, person):
    """The new process looks for ended sessions under the digests of both keys."""
    earlier, present = servers
    page = person.show("/inbox")
    thief = person.copy()

    person.log_out()

    for server in (earlier, present):
        thief.url = server.url
        with thief.open(page, resume=True) as again:
            assert again.close_code() == 4001


def test_page_goes_on_at_the_new_process(servers, person):
    """The new process knows the page, which misses nothing and may be subscribed further."""
    page = person.show("/inbox")
    person.url = servers[1].url

    with person.open(page, resume=True) as socket:
        assert socket.resume()["known"]
        person.get("/rooms/1", headers={"X-Realtime-Connection-Id": page})
        person.post("/send/inbox:somebody", json="one")
        person.post("/send/room:1", json="last")

        assert heard_until(socket, "last") == ["one"]


def test_message_at_the_new_process_undoes_no_log_out_at_the_old(share, hold, tmp_path_factory):
    """A session on the server, of which both processes read the cookie, stays logged out."""
    prefix, sessions = f"t{secrets.token_hex(4)}", str(tmp_path_factory.mktemp("sessions"))
    kept = {"KEPT_BY": "server", "SESSIONS": sessions, "HOLD": str(hold)}
    earlier, present = (
        share("accounts:app", "gevent", "redis", environ=kept | keys, REDIS_PREFIX=prefix)
        for keys in ({"SECRET": "a"}, {"SECRET": "b", "FALLBACKS": '["a"]'})
    )
    person = Person(present.url)
    person.log_in("somebody")
    with person.open(person.show("/inbox"), resume=True) as socket:
        socket.resume()
        socket.send("fill", data="full")
        eventually((hold / "arrived").exists)
        person.url = earlier.url

        person.log_out()
        (hold / "go").touch()
        eventually((hold / "done").exists)

    assert person.me()["user"] is None
