"""A thief with a cookie from before the log-out tries to make the session work again."""

import pytest

from .people import somebody


@pytest.fixture(params=[("gevent", "memory", 1), ("gevent", "redis", 2)], ids=["memory", "redis"])
def server(share, request):
    return share("accounts:app", *request.param)


@pytest.mark.parametrize("way", ["/password", "/renew"])
def test_thief_gets_no_living_session_of_an_ended_one(server, way):
    """Neither "log out everywhere else" nor a new session key revives a session that has ended."""
    person = somebody(server.url)
    thief = person.copy()
    person.log_out()

    for _ in range(2):
        thief.log_out(way)
        with thief.open(thief.show("/inbox"), resume=True) as socket:
            assert socket.close_code() == 4001

    person.log_in("somebody")
    with person.open(person.show("/inbox"), resume=True) as socket:
        assert socket.resume()["known"]


@pytest.mark.parametrize("way", ["/password", "/renew"])
def test_session_that_goes_on_may_be_ended_again_and_again(server, way):
    """After each "log out everywhere else", the browser that asked for it can connect, and a copy
    of its former cookies cannot."""
    person = somebody(server.url)

    for _ in range(3):
        copy = person.copy()
        person.log_out(way)
        with person.open(person.show("/inbox"), resume=True) as socket:
            assert socket.resume()["known"]
        with copy.open(copy.show("/inbox"), resume=True) as socket:
            assert socket.close_code() == 4001


@pytest.mark.parametrize("way", ["/password", "/renew"])
def test_form_that_is_sent_twice_leaves_its_browser_a_living_session(server, way):
    """Both requests have the former cookie; the browser keeps that of the second answer."""
    person = somebody(server.url)
    person.post("/must-change")
    again = person.copy()

    person.log_out(way)
    person.http.cookies.update(again.navigate(way, "POST", allow_redirects=False).cookies)

    with person.open(person.show("/inbox"), resume=True) as socket:
        assert socket.resume()["known"]


@pytest.fixture
def processes(share):
    """The addresses of two processes of one app; the second one has no sockets, and hears nothing
    of what ends in the first one."""
    settings = {"kind": "gevent", "registry": "redis", "REDIS_PREFIX": "sent-twice"}
    return [share("accounts:app", **settings, environ={"COPY": name}).url for name in "12"]


@pytest.mark.parametrize("way", ["/password", "/renew"])
def test_form_that_is_sent_to_two_processes_leaves_its_browser_a_living_session(processes, way):
    """A form is sent twice, to two processes. The second knows of the first one's end only by
    Redis, and the browser has a working session."""
    person = somebody(processes[0], f"twice{way}")
    person.post("/must-change")
    again = person.copy()
    again.url = processes[1]

    person.log_out(way)
    person.http.cookies.update(again.navigate(way, "POST", allow_redirects=False).cookies)

    with person.open(person.show("/inbox"), resume=True) as socket:
        assert socket.resume()["known"]


def test_browser_that_gives_up_the_first_of_two_answers_gets_a_living_session(share):
    """A person clicks twice on a slow form, so the browser drops the first answer with its cookie.
    The form shows the former password, which a thief cannot, so the app can treat it as a
    log-in."""
    server = share("logins:app", "gevent", "redis", 2)
    person = somebody(server.url)
    given_up, thief = person.copy(), person.copy()

    for one, password in ((given_up, "old"), (person, "old"), (thief, "a guess")):
        one.navigate("/password", "POST", data={"password": password}, allow_redirects=False)

    with person.open(person.show("/inbox"), resume=True) as socket:
        assert socket.resume()["known"]
    with thief.open(thief.show("/inbox"), resume=True) as socket:
        assert socket.close_code() == 4001


@pytest.mark.parametrize("way", ["/password", "/renew"])
def test_thief_who_comes_at_once_to_another_process_gets_no_living_session(processes, way):
    """A thief sends the old cookie right after the log-out, like a form that was sent twice. Only
    the user's own browser has the new key."""
    person = somebody(processes[0], f"robbed{way}")
    person.post("/must-change")
    thief = person.copy()
    thief.url = processes[1]
    person.log_out(way)

    for _ in range(2):
        thief.log_out(way)

    thief.url = processes[0]
    with thief.open(thief.show("/inbox"), resume=True) as socket:
        assert socket.close_code() == 4001


def test_browser_whose_session_has_ended_may_log_in(server):
    """Either as another user, or, after a log-out, as the same user."""
    person = somebody(server.url)
    another, same = person.copy(), person.copy()
    person.log_out()

    another.log_in("another")
    same.log_out()
    same.log_in("somebody")

    for browser in (another, same):
        with browser.open(browser.show("/inbox"), resume=True) as socket:
            assert socket.resume()["known"]


def test_session_stays_ended_where_the_app_tells_no_users(share):
    """The session can connect again only after the app has cleared it, as a log-in should do."""
    server = share("accounts:app", environ={"SAYS_NOTHING": "1"})
    person = somebody(server.url)
    thief = person.copy()
    person.log_out("/logout-everywhere")

    thief.log_out("/password")

    with thief.open(thief.show("/inbox"), resume=True) as socket:
        assert socket.close_code() == 4001
    thief.log_out("/clear")
    with thief.open(thief.show("/rooms/1"), resume=True) as socket:
        assert socket.resume()["known"]
