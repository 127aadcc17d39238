"""A thief puts a copy of an anonymous session into a victim's browser, and waits for the log-in."""

import pytest
from websockets.exceptions import InvalidStatus

from .people import Person, heard_until


@pytest.fixture
def server(share):
    return share("accounts:app", ALLOW_CALLS=True)


@pytest.fixture(scope="module")
def keep(share, tmp_path_factory):
    """A function that returns a server that keeps sessions itself, with Flask-Session."""
    environ = {"KEPT_BY": "server", "SESSIONS": str(tmp_path_factory.mktemp("sessions"))}
    return lambda registry="memory", workers=1: share(
        "accounts:app", registry=registry, workers=workers, ALLOW_CALLS=True, environ=environ
    )


@pytest.fixture
def keeper(keep):
    """One such server, with one process."""
    return keep()


@pytest.fixture
def thief(server):
    return Person(server.url)


@pytest.fixture
def victim(server, thief):
    """Somebody whose browser has the thief's session."""
    thief.show()
    return thief.give_cookies_to(Person(server.url))


def test_socket_of_the_planted_session_ends_at_the_log_in(thief, victim):
    """The thief's socket is closed, so that it gets no messages and can make no calls."""
    with thief.open(thief.show(), resume=True) as socket:
        socket.resume()

        victim.log_in("victim")

        assert socket.close_code() == 4001


def test_planted_session_does_not_come_back(thief, victim):
    """The thief cannot connect, neither as a page that was open nor with an invented id."""
    page = thief.show()
    with thief.open(page, resume=True) as socket:
        socket.resume()
        victim.log_in("victim")
        socket.close_code()

    for one in (page, "an-id-that-is-made-up"):
        with thief.open(one, resume=True) as again:
            assert again.close_code() == 4001


def test_link_of_the_thief_does_not_give_him_the_victims_channel(thief, victim):
    """A link with the id of the thief's page opens a new page of the victim."""
    page = thief.show()
    victim.log_in("victim")

    shown = victim.show(f"/inbox?socket_connection_id={page}")
    with thief.copy().open(page, resume=True) as socket, victim.open(shown) as own:
        victim.post("/send/inbox:victim", json="secret")
        victim.post("/send/inbox:victim", json="last")

        assert heard_until(own, "last") == ["secret"]
        assert socket.close_code() == 4001
    assert shown != page


def test_log_in_over_a_socket_is_not_handed_to_the_thief(thief, victim):
    """The thief cannot fetch the change of cookies that waits for the victim's browser."""
    page, own = thief.show(), victim.show()
    with victim.open(own, resume=True) as socket:
        socket.resume()
        reply = socket.call("/login", method="post", input={"user": "victim"})
        assert reply["session"]

        stolen = thief.take_over(page)
        victim.take_over(own)

    assert stolen.headers.get("Set-Cookie") is None
    assert thief.me()["user"] is None
    assert victim.me()["user"] == "victim"


def test_thief_cannot_end_the_sockets_of_who_has_logged_in(thief, victim):
    """A thief ends the planted session. The victim's sockets stay open, because the log-in gave the
    victim's session another key."""
    victim.log_in("victim")
    with victim.open(victim.show("/inbox")) as socket:
        thief.log_out("/logout-everywhere")
        victim.post("/send/inbox:victim", json="still here")

        assert socket.payloads(1) == ["still here"]


def assert_only_the_victim_is_logged_in(victim, thief, page):
    """Assert that the thief's cookie is worth nothing, not even for a *page* that was open."""
    assert victim.me()["user"] == "victim"
    assert thief.me()["user"] is None
    with pytest.raises(InvalidStatus, match="403"):
        thief.open(page, resume=True)


@pytest.mark.parametrize("way", ["by HTTP", "over the socket"])
def test_session_that_the_server_keeps_gets_a_new_id_at_the_log_in(keeper, way):
    """The app has Flask-Session give the session a new id at the log-in, so the thief's cookie is
    useless."""
    thief = Person(keeper.url)
    page = thief.show()
    victim = thief.give_cookies_to(Person(keeper.url))
    own = victim.show()
    with thief.open(page, resume=True) as planted, victim.open(own, resume=True) as socket:
        planted.resume()
        socket.resume()
        if way == "by HTTP":
            victim.log_in("victim")
        else:
            socket.call("/login", method="post", input={"user": "victim"})
            victim.take_over(own)

        assert planted.close_code() == 4001
    assert_only_the_victim_is_logged_in(victim, thief, page)


@pytest.mark.parametrize("way", ["by HTTP", "over the socket"])
def test_session_that_the_server_keeps_gets_a_new_id_at_a_change_of_password(keeper, way):
    """disconnect(everywhere=True) has Flask-Session give the session a new id, so a stolen id is
    useless."""
    victim = Person(keeper.url)
    victim.log_in("victim")
    thief = victim.copy()
    stolen, own = thief.show("/inbox"), victim.show()
    with thief.open(stolen, resume=True) as copied, victim.open(own, resume=True) as socket:
        copied.resume()
        socket.resume()
        if way == "by HTTP":
            victim.navigate("/password", "POST")
        else:
            socket.call("/password", method="post")
            victim.take_over(own)

        assert copied.close_code() == 1000
    assert_only_the_victim_is_logged_in(victim, thief, stolen)
    with victim.open(victim.show("/inbox"), resume=True) as again:
        again.resume()


@pytest.mark.parametrize("late", ["/", "/rooms/one"])
@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("way", ["/password", "/rotate"])
def test_page_that_was_under_way_logs_nobody_out(keep, late, workers, way):
    """The password changes, or the app gives the session another id. Another tab loads with the id
    of before, which names nothing any more: its answer replaces no cookie, and the page gets its id
    by the session's new one.
    """
    person = Person(keep("memory" if workers == 1 else "redis", workers).url)
    person.log_in("somebody")
    tab = person.copy()
    person.navigate(way, "POST")

    shown = tab.navigate(late)
    own = person.take_over("new").headers["X-Realtime-Connection-Id"]

    assert "Set-Cookie" not in shown.headers
    assert 'data-socket-connection-id=""' in shown.text
    with person.open(own, resume=True) as socket:
        socket.resume()
    # The script asks with the id of before, as long as its browser has not got the new one.
    early = tab.take_over("new")
    assert (early.status_code, early.headers.get("Set-Cookie")) == (503, None)


def test_visitor_whose_session_has_expired_gets_a_page_with_an_id_at_once(serve, tmp_path):
    """The store of sessions was emptied. A page that comes with an id of before begins a session,
    so that any client can open its socket."""
    environ = {"KEPT_BY": "server", "SESSIONS": str(tmp_path)}
    server = serve("accounts:app", environ=environ)
    person = Person(server.url)
    person.show()
    for kept in tmp_path.iterdir():
        kept.unlink()

    page = person.show("/rooms/one")

    with person.open(page, resume=True) as socket:
        socket.resume()
