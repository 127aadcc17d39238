"""A request that is made at the same time, by the page's own script for example, does not undo a
log-out."""

import threading

import pytest

from tests.eventually import DEADLINE, eventually

from .people import Person, somebody


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


KINDS = [
    ("gevent", "memory", "cookie"),
    ("gthread", "memory", "cookie"),
    ("gevent", "memory", "server"),
    ("gevent", "redis", "cookie"),
]


@pytest.fixture(params=KINDS, ids="-".join)
def processes(share, request, tmp_path_factory, folder_of_holds):
    """The addresses of the process that is asked to log out, and of the one that is busy."""
    kind, registry, kept_by = request.param
    environ = {"PERMANENT": "1", "HOLD": str(folder_of_holds), "KEPT_BY": kept_by}
    if kept_by == "server":
        environ["SESSIONS"] = str(folder_of_holds.parent)
    if registry == "memory":
        return [share("accounts:app", kind, environ=environ).url] * 2
    settings = {"kind": kind, "registry": registry, "REDIS_PREFIX": "undone"}
    return [share("accounts:app", **settings, environ=environ | {"N": one}).url for one in "12"]


@pytest.fixture
def ask_meanwhile(processes, hold):
    """A function that requests a page for a person; it returns a function that lets the page be
    answered, and returns the answer."""

    def ask(person):
        late, answers = person.copy(), []
        late.url = processes[1]
        asking = threading.Thread(target=lambda: answers.append(late.navigate("/late/1")))
        asking.start()
        eventually((hold / "arrived").exists)

        def answer():
            (hold / "go").touch()
            asking.join(DEADLINE)
            return answers[0]

        return answer

    return ask


@pytest.mark.parametrize("way", ["/logout", "/logout-everywhere", "/clear"])
def test_page_that_was_asked_for_before_logs_nobody_in_again(processes, ask_meanwhile, way):
    """A page was requested before the log-out, by a refresh of its blocks for example, and is
    answered after it. Flask would renew a permanent session's cookie, and the browser keeps the
    cookie of the last answer. The answer sets none."""
    person = Person(processes[0])
    person.log_in("somebody")
    page = person.show("/inbox")
    with person.open(page, url=processes[1]) as socket:
        socket.settle()
        answer = ask_meanwhile(person)

        person.log_out(way)
        # By then the process that is busy has heard of it.
        assert socket.close_code() in (1000, 4001)
        late = answer()

    assert late.status_code == 200
    assert "Set-Cookie" not in late.headers
    assert person.me()["user"] is None


IN_COOKIES = [kind for kind in KINDS if kind[2] == "cookie"]


@pytest.mark.parametrize("processes", IN_COOKIES, indirect=True, ids="-".join)
@pytest.mark.parametrize("way", ["/logout", "/logout-everywhere", "/clear"])
def test_page_that_comes_with_the_cookie_of_before_logs_nobody_in_again(processes, way):
    """As above, and the log-out is answered before the server reads the request."""
    person, other = Person(processes[0]), somebody(processes[0], "another")
    person.log_in("somebody")
    page = person.show("/inbox")
    late = person.copy()
    late.url = processes[1]
    with (
        person.open(page, url=processes[1]) as socket,
        other.open(other.show("/inbox"), url=processes[1]) as socket_of_other,
    ):
        socket.settle()
        person.log_out(way)
        assert socket.close_code() in (1000, 4001)
        # A log-out everywhere is told as an end first, and as a log-out then.
        other.log_out()
        assert socket_of_other.close_code() == 4001

    answer = late.navigate("/cart", "POST", data={"cart": "full"})

    assert answer.status_code == 204
    assert "Set-Cookie" not in answer.headers
    assert person.me()["user"] is None


def test_page_that_was_asked_for_renews_a_session_that_stays(processes, ask_meanwhile):
    """Nobody logs out, and the answer renews the session's cookie."""
    person = Person(processes[0])
    person.log_in("somebody")
    person.show("/inbox")

    late = ask_meanwhile(person)()

    assert late.status_code == 200
    assert "Set-Cookie" in late.headers
    assert person.me()["user"] == "somebody"
