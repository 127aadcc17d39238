"""Answers that come after a log-in or a log-out, and were asked for with the cookie of before."""

import flask_login
import pytest
from cachelib import SimpleCache
from flask import request, session
from flask_session import Session

from flask_realtime.page.client import current_client
from flask_realtime.threads import clock

from .views import log_in, log_out


class User(flask_login.UserMixin):
    def __init__(self, user):
        self.id = user


@pytest.fixture(params=["cookie", "server"])
def kept_by(request):
    return request.param


@pytest.fixture
def app(plain_app, realtime, kept_by):
    app = plain_app
    app.config["REMEMBER_COOKIE_REFRESH_EACH_REQUEST"] = True
    if kept_by == "server":
        app.config.update(SESSION_TYPE="cachelib", SESSION_CACHELIB=SimpleCache())
        Session(app)
    flask_login.LoginManager(app).user_loader(User)
    realtime.init_app(app)
    realtime.identify(flask_login)

    @app.post("/login")
    def log_in():
        flask_login.login_user(User(request.args.get("user", "42")), remember=True)
        return ""

    @app.post("/logout")
    def log_out():
        flask_login.logout_user()
        return ""

    @app.get("/slow")
    def show_slowly():
        app.meanwhile()
        return ""

    @app.get("/me")
    def me():
        return {"user": flask_login.current_user.get_id()}

    return app


def test_late_answer_does_not_have_flask_login_remember_its_user(app):
    """An app renews "remember me" with each answer. A user logs out while a page is being rendered.
    Its answer brings no cookie that would log the browser in again; others do, as ever."""
    browser, tab = app.test_client(), app.test_client()
    browser.post("/login")
    app.meanwhile = lambda: None
    usual = browser.get("/slow")
    for name in ("session", "remember_token"):
        tab.set_cookie(name, browser.get_cookie(name).value)
    app.meanwhile = lambda: browser.post("/logout")

    late = tab.get("/slow")

    assert any(line.startswith("remember_token=42") for line in usual.headers.getlist("Set-Cookie"))
    assert late.headers.getlist("Set-Cookie") == []
    assert browser.get("/me").json["user"] is None


@pytest.fixture
def tab(app):
    """A tab of a browser whose user is logged in, opened with nothing but the cookie by which
    Flask-Login remembers the user. ``tab.browser`` has the session's cookie."""
    app.add_url_rule("/slow-me", "slow", lambda: app.meanwhile(flask_login.current_user.id) or "")
    tab = app.test_client()
    tab.browser = app.test_client()
    tab.browser.post("/login")
    tab.set_cookie("remember_token", tab.browser.get_cookie("remember_token").value)
    return tab


def test_page_asked_for_by_the_cookie_that_remembers_its_user_does_not_undo_a_log_out(app, tab):
    """A browser that was started anew loads a page that takes a while, and its user logs out. The
    answer begins no session: it sets no cookie, neither the session's nor the other one."""
    seen = []

    def log_out(user):
        seen.append(user)
        tab.browser.post("/logout")

    app.meanwhile = log_out

    answer = tab.get("/slow-me")

    assert seen == ["42"]
    assert answer.headers.getlist("Set-Cookie") == []


@pytest.mark.parametrize("is_anothers", [True, False])
def test_page_asked_for_by_the_cookie_that_remembers_its_user_begins_a_session(
    app, tab, is_anothers
):
    """Nobody has logged out meanwhile, or somebody else has, or the user had before that."""

    def log_another_out():
        another = app.test_client()
        another.post("/login?user=43")
        another.post("/logout")

    app.meanwhile = lambda user: log_another_out() if is_anothers else None
    if not is_anothers:
        tab.browser.post("/logout")

    answer = tab.get("/slow-me")

    assert any(line.startswith("session=") for line in answer.headers.getlist("Set-Cookie"))


def test_request_that_disconnects_its_own_user_begins_the_session_of_whom_it_remembers(
    app, realtime, tab
):
    """A user has another password, and the view closes the sockets of all of the user's devices."""
    app.meanwhile = lambda user: realtime.user(user).disconnect()

    answer = tab.get("/slow-me")

    assert any(line.startswith("session=") for line in answer.headers.getlist("Set-Cookie"))


# Views that end a session, and what it held before.
LOG_IN, LOG_OUT = (log_in, {}), (log_out, {"user": 42})


def fill():
    session["cart"] = [1]
    return ""


def clear_and_begin_anew():
    session.clear()
    session.update(user=42)
    return ""


def ask(app, view, late, lasts=False, meanwhile=lambda: None, **stored):
    """Return the answer to *late* with a cookie whose session held *stored* when it came to *view*.

    :param lasts: whether the session is permanent.
    :param meanwhile: called before the request of *late* is sent.
    """
    for number, one in enumerate([lambda: "<body>", view, late]):
        app.add_url_rule(f"/{number}", str(number), one)
    browser, tab = app.test_client(), app.test_client()
    with browser.session_transaction() as opened:
        opened.update(stored)
        opened.permanent = lasts
    browser.get("/0")
    tab.set_cookie("session", browser.get_cookie("session").value)
    browser.get("/1")
    meanwhile()
    return tab.get("/2")


@pytest.mark.parametrize(("view", "stored"), [LOG_IN, LOG_OUT], ids=["in", "out"])
@pytest.mark.parametrize(("late", "lasts"), [(fill, False), (lambda: "", True)])
def test_late_answer_undoes_neither_a_log_in_nor_a_log_out(
    app_with_users, view, stored, late, lasts
):
    """A cart is filled, or a permanent session's cookie is renewed, by a request that comes with
    the cookie of before."""
    answer = ask(app_with_users, view, late, lasts, **stored)

    assert "Set-Cookie" not in answer.headers
    assert ("Cookie" in answer.vary) is (late is fill)


@pytest.mark.parametrize(("view", "stored"), [LOG_IN, LOG_OUT], ids=["in", "out"])
@pytest.mark.parametrize(("seconds", "is_saved"), [(5, False), (16, True)])
def test_cookie_of_before_is_soon_as_good_as_any(
    app_with_users, monkeypatch, view, stored, seconds, is_saved
):
    """No request is on its way for longer: the answer to the log-in was lost. The user begins it
    anew with the former cookie, and the provider's answer is checked by what the session holds."""
    present = clock.monotonic

    def wait():
        monkeypatch.setattr(clock, "monotonic", lambda: present() + seconds)

    answer = ask(app_with_users, view, fill, meanwhile=wait, **stored)

    assert ("Set-Cookie" in answer.headers) is is_saved


@pytest.mark.parametrize(("view", "stored"), [LOG_IN, LOG_OUT], ids=["in", "out"])
def test_late_answer_logs_in_who_asks_for_it(app_with_users, view, stored):
    """A form is sent twice, or from two tabs. Whichever answer comes last, somebody is logged
    in."""

    def log_in_as_another():
        session["user"] = 43
        return ""

    answer = ask(app_with_users, view, log_in_as_another, **stored)

    assert "Set-Cookie" in answer.headers


def test_session_that_goes_on_as_the_same_users_is_saved(app_with_users):
    """A user's session is begun anew, and the browser may not have got the answer, but goes on with
    the cookie of before. Nobody has logged out."""
    answer = ask(app_with_users, clear_and_begin_anew, fill, user=42)

    assert "Set-Cookie" in answer.headers


@pytest.mark.parametrize(("seconds", "is_saved"), [(5, False), (16, True)])
def test_answer_that_changes_nothing_leaves_the_session_that_was_begun_anew(
    app_with_users, monkeypatch, seconds, is_saved
):
    """A user's session is begun anew, and another tab has asked for something with the cookie of
    before. To renew the ended session would replace the living one. The browser that did not get
    the answer has its session renewed later."""
    present = clock.monotonic

    def wait():
        monkeypatch.setattr(clock, "monotonic", lambda: present() + seconds)

    view, late = clear_and_begin_anew, lambda: ""
    answer = ask(app_with_users, view, late, lasts=True, meanwhile=wait, user=42)

    assert ("Set-Cookie" in answer.headers) is is_saved


@pytest.mark.parametrize("view", [log_in, clear_and_begin_anew])
def test_app_that_does_not_tell_users_saves_what_comes_with_the_cookie_of_before(
    plain_app, realtime, view
):
    """Such an app does not tell a log-in from what else a request changes."""
    realtime.init_app(plain_app)

    answer = ask(plain_app, view, fill, user=42)

    assert "Set-Cookie" in answer.headers


def test_library_s_own_answer_does_not_renew_the_cookie_that_remembers_a_user(app):
    """An app renews "remember me" with each answer. A page asks the library for its id: the answer
    sets no cookie, and is no error."""
    browser = app.test_client()
    browser.post("/login")

    headers = {"Origin": "http://localhost", "X-Realtime-Connection-Id": "new"}
    answer = browser.post("/_realtime/session", headers=headers)

    assert answer.status_code == 204
    assert answer.headers.getlist("Set-Cookie") == []


@pytest.mark.parametrize("between", [lambda: None, lambda: current_client().digest()])
@pytest.mark.parametrize("user", [43, 42], ids=["another", "the same"])
def test_session_that_an_app_brings_back_gets_a_new_key(app_with_users, user, between):
    """An administrator looks at the site as another user, for whom the app puts the session aside,
    and brings it back with the key that has ended, be it after asking for the page's name. Pages
    connect again, and a cart is saved."""

    def look_as_another():
        aside = dict(session)
        session.clear()
        session.update(user=user, aside=aside)
        return "<body>"

    def come_back():
        aside = session.pop("aside")
        session.clear()
        between()
        session.update(aside)
        return ""

    for view in (look_as_another, come_back, fill):
        app_with_users.add_url_rule(f"/{view.__name__}", view.__name__, view)
    app_with_users.add_url_rule("/", "page", lambda: "<body>")
    browser, keys = app_with_users.test_client(), []
    with browser.session_transaction() as opened:
        opened.update(user=42)
    for path in ("/", "/look_as_another", "/come_back", "/fill"):
        browser.get(path)
        with browser.session_transaction() as opened:
            keys.append(opened["socket_key"])

    assert opened.get("cart") == [1]
    assert len(set(keys)) == 3
    assert keys[3] == keys[2]
