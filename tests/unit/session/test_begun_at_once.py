"""Sessions that one browser begins at once, with nothing but the cookie that remembers its user."""

import flask_login
import pytest
from flask import session

from flask_realtime.errors import RegistryUnavailable
from flask_realtime.identity.keys import session_digest
from flask_realtime.session import begun_at_once
from flask_realtime.threads import clock


@pytest.fixture
def begin(settled, process):
    """Begin a session in a browser by whose cookie Flask-Login remembers *user*, or which brings
    *cookie* in its place; return the sessions whose sockets come back by that."""
    flask_login.LoginManager(settled).user_loader(lambda user_id: None)

    @settled.get("/")
    def page():
        return "<body>hello</body>"

    @settled.get("/key")
    def key():
        return session["socket_key"]

    def begin(user=None, cookie=None):
        browser = settled.test_client()
        if user:
            with settled.app_context():
                cookie = flask_login.encode_cookie(user)
        if cookie:
            browser.set_cookie("remember_token", cookie)
        before = len(process.disconnected)
        browser.get("/").close()
        begin.names.append(session_digest("secret", browser.get("/key").text))
        return [one.session for one in process.disconnected[before:]]

    begin.names = []
    return begin


def test_sockets_come_back_of_the_session_that_another_one_replaces(begin):
    """Three tabs of a browser are opened at once, and each answer begins a session."""
    told = [begin("ada") for _ in range(3)]

    assert told == [[], begin.names[:1], begin.names[:2]]


def test_sockets_of_a_session_that_was_begun_long_before_stay(begin, monkeypatch):
    """The browser is started anew a minute later; or another browser of the user is."""
    begin("ada")
    later = clock.now() + begun_at_once._SECONDS + 1
    monkeypatch.setattr(clock, "now", lambda: later)

    assert begin("ada") == []


def test_sessions_of_others_stay(begin):
    """Browsers of other users, and of strangers, begin sessions meanwhile."""
    told = [begin("ada"), begin("ben"), begin(), begin()]

    assert told == [[], [], [], []]


def test_client_that_never_sends_its_session_makes_the_registry_no_work(
    begin, process, monkeypatch
):
    """It begins a session by each request. The registry is asked for the first few of them, and
    again a minute later."""
    asked, collect = [], process.registry.collect

    def count(*about):
        asked.append(about)
        return collect(*about)

    monkeypatch.setattr(process.registry, "collect", count)
    for _ in range(begun_at_once._MOST_SESSIONS + 3):
        begin("ada")
    assert len(asked) == begun_at_once._MOST_SESSIONS

    later = clock.monotonic() + begun_at_once._SECONDS
    monkeypatch.setattr(clock, "monotonic", lambda: later)
    begin("ada")
    assert len(asked) == begun_at_once._MOST_SESSIONS + 1


def test_cookies_that_are_known_to_have_begun_sessions_are_few(begin, process, monkeypatch):
    """That those of many users are is no reason to keep them all."""
    monkeypatch.setattr(begun_at_once, "_MOST_KNOWN", 2)
    monkeypatch.setattr(begun_at_once, "_MOST_SESSIONS", 1)
    asked = []
    monkeypatch.setattr(process.registry, "collect", lambda *_about: asked.append(1) or [])

    for user in ("ada", "ada", "ben", "cleo", "ben", "ada"):
        begin(user)

    assert len(asked) == 4


def test_page_is_answered_though_the_registry_is_away(begin, process, monkeypatch):
    """The registry cannot be asked which session was begun before."""

    def refuse(*_about):
        raise RegistryUnavailable("It is away.")

    monkeypatch.setattr(process.registry, "collect", refuse)

    assert [begin("ada") for _ in range(2)] == [[], []]


@pytest.mark.parametrize("cookie", ["ada|0", "no cookie of Flask-Login's", "ada|é"])
def test_cookie_that_anybody_can_write_has_no_socket_come_back(begin, cookie):
    """A stranger makes up such a cookie, and begins session after session."""
    assert [begin(cookie=cookie) for _ in range(2)] == [[], []]
