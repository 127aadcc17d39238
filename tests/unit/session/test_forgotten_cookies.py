"""Remember cookies that a log-out by a message has taken away, while the browser still has them."""

import flask
import flask_login
import pytest
from cachelib import SimpleCache
from flask.sessions import SecureCookieSession, SessionInterface
from flask_session import Session

from flask_realtime.identity.keys import SOCKET_KEY
from flask_realtime.session.forgotten_cookies import FORGOTTEN

from .remembered import remembering, stored, tells_of_it


class Numbered(SessionInterface):
    """Keeps sessions on the server, as an app's own code may: they do not tell their ids."""

    def __init__(self):
        self.kept = []

    def open_session(self, app, request):
        number = int(request.cookies.get("session", len(self.kept)))
        opened = SecureCookieSession(self.kept[number] if number < len(self.kept) else {})
        opened.number = number
        return opened

    def save_session(self, app, session, response):
        self.kept[session.number : session.number + 1] = [dict(session)]
        response.set_cookie("session", str(session.number))


@pytest.fixture
def store():
    return SimpleCache()


@pytest.fixture
def browser(app, store):
    """The browser of a user who is remembered, of an app whose server keeps the session."""
    app.config.update(SESSION_TYPE="cachelib", SESSION_CACHELIB=store)
    Session(app)

    @app.get("/style")
    def style():
        response = app.response_class("")
        response.set_etag("a style")
        return response

    browser = remembering(app)
    browser.client.post("/login?remember=yes")
    return browser


def answer_while(browser, act):
    """Return the answer to a request that the browser sends with its cookies of now, and during
    which *act* is called."""
    browser.acts = [act]
    slow = browser.app.test_client(use_cookies=False)
    return slow.get("/slow", headers={"Cookie": browser.cookies()})


def test_answer_takes_the_cookie_away_that_was_hidden(browser):
    """The app's views do not see it either. It is asked for no more, and the note stays."""
    browser.open_socket().call("/logout", method="post")

    first = browser.client.get("/me")

    assert first.json == {"user": None, "sees": ["session"]}
    assert tells_of_it(first)
    assert "Cookie" in first.headers["Vary"]
    assert not tells_of_it(browser.client.get("/me"))
    assert FORGOTTEN in stored(browser)


def test_answer_that_caches_keep_takes_nothing_away(browser):
    """A cache in front of the app would log out whoever asks for it next. The cookie is hidden
    until another answer takes it away."""
    browser.open_socket().call("/logout", method="post")

    assert not tells_of_it(browser.client.get("/style"))
    assert browser.client.get("/me").json["user"] is None


def test_requests_of_the_app_may_be_of_a_class_of_its_own(browser):
    """Such a class may let nobody set its cookies, or hold them in a dict."""

    class OwnRequest(flask.Request):
        dict_storage_class = dict

        @property
        def cookies(self):
            return {"more": "of them", **super().cookies}

    browser.app.request_class = OwnRequest
    browser.open_socket().call("/logout", method="post")

    answer = browser.client.get("/me")

    assert answer.json == {"user": None, "sees": ["more", "session"]}
    assert tells_of_it(answer)


def test_note_holds_neither_the_cookie_nor_the_user(browser):
    """Whoever reads the store cannot log in by it."""
    cookie = browser.client.get_cookie("remember_token").value
    browser.open_socket().call("/logout", method="post")

    assert stored(browser)[FORGOTTEN] not in cookie


def test_cookie_of_another_user_logs_in(browser):
    """It comes from a log-in that this session knows nothing of."""
    browser.open_socket().call("/logout", method="post")
    with browser.app.app_context():
        browser.client.set_cookie("remember_token", flask_login.encode_cookie("43"))

    assert browser.client.get("/me").json["user"] == "43"


@pytest.mark.parametrize("how", ["", "?remember=yes"])
def test_log_in_takes_the_note_out(browser, how):
    """The cookie of the next log-in is the same as before."""
    browser.open_socket().call("/logout", method="post")
    browser.client.post(f"/login{how}")

    assert FORGOTTEN not in stored(browser)
    assert bool(browser.client.get_cookie("remember_token")) is bool(how)


@pytest.mark.parametrize("user", ["42", "43"])
def test_slow_answer_to_a_stranger_undoes_no_log_in(browser, user):
    """Flask-Login takes the cookie away with each answer to a stranger in an app that has it guard
    sessions well. Such an answer comes behind a log-in, and too late to save the session."""
    browser.app.config["SESSION_PROTECTION"] = "strong"
    browser.app.session_interface.permanent = False
    with browser.client.session_transaction() as opened:
        opened.permanent = False
    browser.open_socket().call("/logout", method="post")
    browser.identify.set(flask_login)

    def log_in():
        assert not flask_login.current_user.is_authenticated
        browser.client.post(f"/login?remember=yes&user={user}")

    assert not tells_of_it(answer_while(browser, log_in))


@pytest.mark.parametrize("is_fetched", [False, True])
def test_slow_answer_undoes_no_log_in(browser, is_fetched):
    """A log-in by the same session, made while a view runs, is remembered: the view's answer takes
    no cookie away, and the session that it saves has no note that would have the next do so."""
    browser.open_socket().call("/logout", method="post")
    if is_fetched:
        browser.take_over()
    answer = answer_while(browser, lambda: browser.client.post("/login?remember=yes"))

    assert not tells_of_it(answer)
    assert FORGOTTEN not in stored(browser)
    assert browser.client.get("/me").json["user"] == "42"
    assert browser.client.get_cookie("remember_token")


def test_slow_answer_undoes_no_log_in_behind_a_session_that_was_emptied(browser):
    """The log-in begins another session, and takes away what is left of the former."""
    browser.open_socket().call("/leave", method="post")

    answer = answer_while(browser, lambda: browser.client.post("/login?remember=yes"))

    assert not tells_of_it(answer)
    assert browser.client.get("/me").json["user"] == "42"


def test_slow_answer_undoes_no_log_in_of_sessions_that_tell_no_id(browser):
    """The app's store is of its own making, and no package's."""
    browser.app.session_interface = Numbered()
    browser.client.delete_cookie("session")
    browser.client.post("/set", json={SOCKET_KEY: browser.key})
    browser.client.post("/login?remember=yes")
    browser.open_socket().call("/logout", method="post")
    assert FORGOTTEN in stored(browser)

    answer = answer_while(browser, lambda: browser.client.post("/login?remember=yes"))

    assert not tells_of_it(answer)
    assert FORGOTTEN not in stored(browser)


def test_slow_message_undoes_no_log_in(browser):
    """Nor does what a message saves."""
    browser.open_socket().call("/logout", method="post")
    browser.take_over()
    browser.acts = [lambda: browser.client.post("/login?remember=yes")]

    browser.open_socket().call("/slow")

    assert FORGOTTEN not in stored(browser)


def test_log_out_holds_where_the_store_cannot_be_read_again(browser, store, monkeypatch):
    """It goes by the note that the request came with."""
    browser.open_socket().call("/logout", method="post")

    def fail(*_arguments):
        raise OSError("The store has gone away.")

    answer = answer_while(browser, lambda: monkeypatch.setattr(store, "get", fail))

    assert tells_of_it(answer)


def test_message_that_changes_nothing_saves_nothing(browser):
    """It would undo what another request writes into the session meanwhile."""
    browser.app.config["SESSION_REFRESH_EACH_REQUEST"] = False
    browser.open_socket().call("/logout", method="post")
    browser.acts = [lambda: browser.client.post("/set", json={"cart": [1]})]

    browser.open_socket().call("/slow")

    assert stored(browser)["cart"] == [1]
    assert FORGOTTEN in stored(browser)


def test_log_out_by_http_notes_nothing(browser):
    """Its answer takes the cookie away itself."""
    browser.client.post("/logout")

    assert FORGOTTEN not in stored(browser)


def test_session_that_was_emptied_is_not_gone_on_with(browser):
    """Nothing but the note is left under the id that the browser has. What the next request writes
    there begins a session under another id, and the note stays for requests that are under way."""
    browser.open_socket().call("/leave", method="post")
    former = browser.client.get_cookie("session").value
    assert {*stored(browser)} - {"_permanent"} == {FORGOTTEN}

    browser.client.post("/set", json={"cart": [1]})

    assert browser.client.get_cookie("session").value != former
    assert browser.session() == {"cart": [1], "_permanent": True}
    browser.client.set_cookie("session", former)
    assert FORGOTTEN in stored(browser)


def test_store_that_notes_nothing_fails_no_log_out(browser, store, monkeypatch, caplog):
    """The log-out is made, and its page told, where the store has gone away behind the saving."""

    def fail(*_arguments):
        raise OSError("The store has gone away.")

    monkeypatch.setattr(store, "set", fail)
    reply = browser.open_socket().call("/leave", method="post")

    assert reply["status"] == 200
    assert "notes nothing" in caplog.text
    browser.take_over()
    assert browser.client.get_cookie("remember_token") is None
