"""Sessions end, or had ended before, while Redis hangs, is down or refuses: which of them still
work?"""

import concurrent.futures
import contextlib
import json
import secrets

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from flask_realtime.registries.records import LATE_END_MS
from flask_realtime.threads import clock
from tests.eventually import DEADLINE, eventually
from tests.faults.tunnel import Tunnel
from tests.integration.serving import ServerProcess

from .conftest import APPS
from .people import Person, somebody
from .silences import SILENCES, hanging, in_two_ways


@pytest.fixture
def start(store):
    """A function that starts a server with a new process, which knows of no ends."""
    prefix = f"t{secrets.token_hex(4)}"
    with contextlib.ExitStack() as running:

        def start(app="accounts:app", kind="gevent", port=None, seconds=2, **environ):
            environ |= {
                "REALTIME_REDIS": json.dumps(f"redis://127.0.0.1:{port or store.port}/0"),
                "REALTIME_REDIS_PREFIX": json.dumps(prefix),
                "REALTIME_REDIS_TIMEOUT_SECONDS": json.dumps(seconds),
            }
            return running.enter_context(ServerProcess(kind, app, folder=APPS, **environ))

        yield start


def comes_back(person):
    """Open a new page of a person once Redis is back.

    :returns: True if the page is known, False if its session has ended.
    """

    def outcome():
        page = person.show("/inbox")
        with contextlib.suppress(InvalidStatus), person.open(page, resume=True) as socket:
            try:
                return ["known"] if socket.resume()["known"] else []
            except ConnectionClosed:
                return [socket.websocket.close_code]
        return []

    (found,) = eventually(outcome)
    assert found in ("known", 4001)
    return found == "known"


def let_ends_age(store):
    """Make the ends of sessions that Redis knows two minutes older; return their number."""
    with store.client() as client:
        hashes = [key for key in client.scan_iter(_type="hash") if client.hexists(key, "heir")]
        for key in hashes:
            client.hincrby(key, "ended", -120_000)
    return len(hashes)


@pytest.mark.parametrize(("silence", "way"), in_two_ways("/password", "/renew"))
def test_thief_gets_no_living_session_of_an_ended_one(start, store, silence, way):
    """A thief uses an old cookie at a process that was started after the log-out and cannot ask
    Redis."""
    person = somebody(start().url)
    thief = person.copy()
    person.log_out()
    thief.url = start().url

    with silence(store):
        thief.navigate(way, "POST", allow_redirects=False)

    assert not comes_back(thief)
    thief.navigate(way, "POST", allow_redirects=False)
    assert not comes_back(thief)


@pytest.mark.parametrize("way", ["/password", "/renew"])
def test_thief_gets_no_living_session_before_the_log_out_is_told(start, store, way):
    """The process that handled the log-out has lost Redis, and a thief uses the cookie at another
    one."""
    tunnel = Tunnel(store.port)
    person = somebody(start(port=tunnel.port).url)
    thief = person.copy()
    thief.url = start().url

    tunnel.freeze()
    person.navigate("/logout", "POST", allow_redirects=False)
    ended = clock.monotonic()
    thief.navigate(way, "POST", allow_redirects=False)
    with thief.open(thief.show("/inbox"), resume=True) as socket:
        # No other process knows of the log-out yet.
        assert socket.resume()["known"]
        eventually(lambda: clock.monotonic() > ended + LATE_END_MS / 1000)
        tunnel.thaw()

        assert socket.close_code() == 4001
    assert not comes_back(thief)
    tunnel.close()


@pytest.mark.parametrize("action", ["password", "renew"])
def test_thief_gets_no_living_session_by_a_socket_that_is_still_open(start, store, action):
    """A thief's socket is open in a process that does not know of the log-out either, and its
    message changes the session."""
    tunnel = Tunnel(store.port)
    person = somebody(start(port=tunnel.port).url)
    thief = person.copy()
    thief.url = start().url
    page = thief.show("/inbox")

    with thief.open(page, resume=True) as socket:
        socket.resume()
        tunnel.freeze()
        person.navigate("/logout", "POST", allow_redirects=False)
        ended = clock.monotonic()
        assert socket.ask(action)["status"] < 400
        thief.take_over(page)
    with thief.open(thief.show("/inbox"), resume=True) as socket:
        assert socket.resume()["known"]
        eventually(lambda: clock.monotonic() > ended + LATE_END_MS / 1000)
        tunnel.thaw()

        assert socket.close_code() == 4001
    assert not comes_back(thief)
    tunnel.close()


@pytest.mark.parametrize(("silence", "has_page"), in_two_ways(True, False))
def test_log_in_with_a_password_opens_what_comes_after_it(start, store, silence, has_page):
    """A user logs in with a password in a browser whose session has ended, or may have. Its pages
    connect."""
    person = somebody(start("logins:app").url)
    browser = person.copy()
    if has_page:
        person.log_out()
    browser.url = start("logins:app").url

    with silence(store):
        answer = browser.navigate(
            "/login", "POST", data={"user": "somebody"}, allow_redirects=False
        )

    assert answer.status_code == 302
    assert comes_back(browser)


@pytest.mark.parametrize("silence", SILENCES)
def test_log_out_and_log_in_open_what_comes_after_them(start, store, silence):
    """A user logs out and in again while Redis fails in some way. The new session works, and a copy
    of the former one does not."""
    person = somebody(start().url)
    copy = person.copy()

    with silence(store):
        person.navigate("/logout", "POST", allow_redirects=False)
        person.navigate("/login", "POST", data={"user": "somebody"}, allow_redirects=False)

    assert comes_back(person)
    assert not comes_back(copy)


@pytest.mark.parametrize("kind", ["gevent", "gthread"])
def test_sockets_are_closed_while_redis_hangs(start, store, kind):
    """Redis hangs during a log-out. This process closes its sockets and answers without waiting for
    Redis."""
    server = start(kind=kind, seconds=DEADLINE)
    ways = ["/logout", "/clear", "/logout-everywhere", "/password"]
    people = [Person(server.url) for _ in ways]
    for person in people:
        person.log_in("somebody")
    sockets = [person.open(person.show("/inbox")) for person in people]
    for socket in sockets:
        socket.settle()

    with concurrent.futures.ThreadPoolExecutor() as threads:
        with hanging(store):
            answers = [
                threads.submit(person.navigate, way, "POST", allow_redirects=False)
                for person, way in zip(people, ways, strict=True)
            ]
            codes = [socket.close_code() for socket in sockets]
            statuses = [one.result(DEADLINE / 2).status_code for one in answers[:2]]
        concurrent.futures.wait(answers)

    assert codes == [4001, 4001, 1000, 1000]
    assert statuses == [302, 302]


def test_browser_with_an_ended_cookie_gets_out_of_a_form(start, store):
    """A person must change the password, and does so some minutes after the session ended. The
    change succeeds; the pages have no sockets until the next log-in."""
    person = somebody(start().url)
    person.post("/must-change")
    browser = person.copy()
    person.log_out()
    browser.url = start().url
    eventually(lambda: let_ends_age(store))

    browser.navigate("/password", "POST", allow_redirects=False)

    assert browser.me()["user"] == "somebody"
    assert browser.get("/must-change").json() is False
    assert not comes_back(browser)


@pytest.mark.parametrize(
    ("action", "status", "kind"),
    [
        ("fill", 503, "gthread"),
        ("look", 200, "gevent"),
        pytest.param("fill", 503, "gevent", marks=pytest.mark.long),
        pytest.param("look", 200, "gthread", marks=pytest.mark.long),
    ],
)
def test_message_saves_nothing_where_redis_cannot_tell_of_a_log_out(
    start, store, tmp_path_factory, hold, kind, action, status
):
    """The server keeps sessions, and a message's process has not heard of a log-out elsewhere. The
    message does not save the session."""
    tunnel = Tunnel(store.port)
    kept = {"KEPT_BY": "server", "SESSIONS": str(tmp_path_factory.mktemp("sessions"))}
    person = Person(start(**kept).url)
    there = start(kind=kind, port=tunnel.port, HOLD=str(hold), **kept)
    person.log_in("somebody")
    thief = person.copy()

    with person.open(person.show("/"), url=there.url, resume=True) as socket:
        socket.resume()
        message = socket.send(action, data="full")
        eventually((hold / "arrived").exists)
        tunnel.freeze()
        person.log_out()
        (hold / "go").touch()

        assert socket.reply(message)["status"] == status
    assert person.me()["user"] is thief.me()["user"] is None
    tunnel.close()
