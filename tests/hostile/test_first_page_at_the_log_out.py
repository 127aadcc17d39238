"""A user logs in, and logs out while the first page of the library is still being rendered."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.eventually import eventually
from tests.integration.browsers import connection_id

from .people import Person, heard_until

# Who keeps the sessions: the cookie, or Flask-Session in files or in a Valkey.
KINDS = [
    ("gthread", "memory", "cookie"),
    ("gevent", "memory", "server"),
    ("gevent", "redis", "cookie"),
    ("gthread", "redis", "valkey"),
]
SECRETS = ["a secret of the room", "a secret of ada's"]
# What happens meanwhile; what the page hears then, and who is logged in.
WAYS = [
    (None, SECRETS, "ada"),
    ("/logout", [], None),
    ("/logout-everywhere", [], None),
    ("/clear", [], None),
    ("/password", [], "ada"),
    ("/renew", [], "ada"),
    ("/ban/ada", [], "ada"),
    ("/kick/ada/1", SECRETS[1:], "ada"),
]


@pytest.fixture(params=KINDS, ids="-".join)
def processes(share, hold, request):
    """A function that returns the addresses of the process that renders the first page, and of the
    one that is asked for all else."""
    kind, registry, kept_by = request.param

    def processes(**environ):
        environ |= {"HOLD": str(hold), "KEPT_BY": kept_by, "SESSIONS": str(hold.parent)}
        if registry == "memory":
            return [share("accounts:app", kind, environ=environ).url] * 2
        settings = {"kind": kind, "registry": registry, "REDIS_PREFIX": "first"}
        return [share("accounts:app", **settings, environ=environ | {"N": n}).url for n in "12"]

    processes.are_one = registry == "memory"
    return processes


@pytest.fixture
def asking():
    with ThreadPoolExecutor(1) as threads:
        yield threads.submit


def log_in(url):
    """Return somebody who has logged in, and has seen no page that the library has to do with."""
    person = Person(url)
    person.navigate("/login", "POST", data={"user": "ada"}, allow_redirects=False)
    return person


def late_page(person, url, hold, asking, way):
    """Return a page that the person asks for at *url*, and that is answered after the log-out."""
    here, person.url = person.url, url
    late = asking(person.navigate, "/late/1")
    eventually((hold / "arrived").exists)
    person.url = here
    if way is not None:
        person.navigate(way, "POST", allow_redirects=False)
    (hold / "go").touch()
    return late.result()


def assert_hears(person, page, expected):
    """Assert that the page, which the browser shows, hears these secrets, and no others."""
    try:
        with person.open(page, resume=True) as socket:
            assert socket.resume()["known"] is bool(expected)
            if not expected:
                return
            person.post("/send/room:1", json=SECRETS[0])
            person.post("/tell/ada", json=SECRETS[1])
            assert sorted(socket.payloads(len(expected))) == sorted(expected)
            person.post("/tell/ada", json="last")
            assert heard_until(socket, "last") == []
    except InvalidStatus as refusal:
        # The browser has no session any more.
        assert (expected, refusal.response.status_code) == ([], 403)
    except ConnectionClosed as closed:
        assert (expected, closed.rcvd.code) == ([], 4001)


@pytest.mark.parametrize(("way", "hears", "user"), WAYS)
def test_first_page_of_a_user_that_is_answered_late(processes, hold, asking, way, hears, user):
    """The page was asked for before its user logged out, for example. It hears neither its channel
    nor its user, and does not log its browser in again."""
    asked, other = processes()
    person = log_in(other)

    page = connection_id(late_page(person, asked, hold, asking, way).text)

    assert_hears(person, page, hears)
    # Another process without sockets does not hear of the log-out in time.
    if processes.are_one or user is not None:
        assert person.me()["user"] == user


@pytest.mark.parametrize("processes", KINDS[1:2], indirect=True, ids="-".join)
def test_first_page_of_an_app_that_does_not_tell_users(processes, hold, asking):
    """The session has no key before its first page. The log-out everywhere gives it another id, and
    the page does not write it back under the former one."""
    asked, other = processes(SAYS_NOTHING="1")
    person = log_in(other)

    page = late_page(person, asked, hold, asking, "/logout-everywhere")

    assert "Set-Cookie" not in page.headers
    assert_hears(person, connection_id(page.text), [])
    assert person.me()["user"] is None


@pytest.mark.parametrize("processes", KINDS[1:2], indirect=True, ids="-".join)
@pytest.mark.parametrize("environ", [{}, {"SAYS_NOTHING": "1"}], ids=["tells", "does not tell"])
def test_stolen_id_is_worth_nothing_behind_a_change_of_password(processes, environ):
    """The user has never seen a page of the library when somebody copies the session's cookie. What
    ends the session gives it another id all the same."""
    person = log_in(processes(**environ)[0])
    thief = person.copy()

    person.navigate("/password", "POST", allow_redirects=False)

    assert person.me()["user"] == "ada"
    assert thief.me()["user"] is None
