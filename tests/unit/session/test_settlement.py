"""Whose session it is at the end of a request, and what becomes of what was granted before."""

from __future__ import annotations

import flask
import flask_login
import pytest
from cachelib import SimpleCache
from flask import g, session
from flask_session import Session

from flask_realtime.config.settings import Config
from flask_realtime.errors import RegistryUnavailable
from flask_realtime.identity.keys import digest, session_digest
from flask_realtime.page.identify import EXTENSION, Identify
from flask_realtime.page.page import Page
from flask_realtime.registries.records import Disconnect
from flask_realtime.session.grants import Grants
from flask_realtime.session.settlement import Settlement

KEY = "the-socket-key"
ENDED = [Disconnect(session=session_digest("secret", KEY), code=4001)]


@pytest.fixture
def settlement(process):
    return Settlement(lambda: process, Grants(lambda: process))


@pytest.fixture(params=["cookie", "server"])
def app(request, process, settlement):
    app = flask.Flask(__name__)
    app.secret_key = "secret"
    if request.param == "server":
        app.config.update(SESSION_TYPE="cachelib", SESSION_CACHELIB=SimpleCache())
        Session(app)
    app.extensions[EXTENSION] = Identify()
    Page(Config()).init_app(app)
    settlement.init_app(app)
    return app


@pytest.fixture
def identified(app):
    app.extensions[EXTENSION].set(lambda: session.get("user"))
    return app


@pytest.fixture
def visit(app):
    """The second answer to a browser whose session holds a socket key, and *stored*, when it
    comes; the session behind it is kept in ``visit.session``."""

    def visit(view, **stored):
        app.add_url_rule("/first", "first", lambda: session.update(stored) or "")
        app.add_url_rule("/", "view", view, methods=["GET", "POST"])
        app.add_url_rule("/after", "after", lambda: dict(session))
        client = app.test_client()
        client.get("/first")
        response = client.post("/")
        visit.before_sent = list(visit.process.disconnected)
        response.close()
        visit.session = client.get("/after").json
        return response

    return visit


@pytest.fixture(autouse=True)
def know_process(visit, process):
    visit.process = process


def log_in():
    session["user"] = 42
    return "in"


def log_out():
    del session["user"]
    return "out"


def clear():
    session.clear()
    return "<body>cleared</body>"


def has_ended(process):
    return process.registry.connect(digest("secret", KEY, "an-id-of-a-page"), "1").has_ended


@pytest.mark.parametrize(
    ("view", "stored"),
    [(log_in, {}), (log_out, {"user": 42}), (log_in, {"user": 41})],
    ids=["in", "out", "another"],
)
def test_session_that_is_anothers_gets_another_key(identified, process, visit, view, stored):
    """A log-in, a log-out, another user: what was granted before is nobody's."""
    visit(view, socket_key=KEY, **stored)

    assert visit.session["socket_key"] != KEY
    assert has_ended(process)


def test_sockets_are_closed_once_the_response_is_sent(identified, process, visit):
    """Before, they would come back with the earlier cookie, and be known."""
    visit(log_in, socket_key=KEY)

    assert visit.before_sent == []
    assert process.disconnected == ENDED


def test_session_that_is_the_same_users_keeps_its_key(identified, process, visit):
    """Whatever else it holds."""
    visit(lambda: session.update(cart=[1], user="42") or "", socket_key=KEY, user=42)

    assert visit.session["socket_key"] == KEY
    assert process.disconnected == []
    assert not has_ended(process)


def test_session_that_was_cleared_has_ended_whoever_it_belonged_to(app, process, visit):
    """An app that never says who a session belongs to clears it at the log-out."""
    visit(lambda: session.clear() or "bye", socket_key=KEY, user=42)

    assert "socket_key" not in visit.session
    assert has_ended(process)
    assert process.disconnected == ENDED


def test_session_that_was_cleared_and_begun_anew_has_ended(app, process, visit):
    """The page that says good-bye has a key of its own."""
    visit(lambda: session.clear() or "<body>bye</body>", socket_key=KEY)

    assert visit.session["socket_key"] not in (None, KEY)
    assert has_ended(process)


def test_session_that_had_ended_before_keeps_its_ended_key(identified, process, visit):
    """Else a copy of its cookie would be worth something again."""

    def renew():
        session.clear()
        session["user"] = 42
        return "<body>renewed</body>"

    process.registry.end_session(session_digest("secret", KEY))

    visit(renew, socket_key=KEY, user=42)

    assert visit.session["socket_key"] == KEY
    assert has_ended(process)


@pytest.mark.parametrize(
    ("view", "stored"),
    [(log_in, {"user": 41}), (log_in, {}), (log_out, {"user": 42}), (clear, {})],
    ids=["another", "in", "out", "cleared"],
)
def test_session_that_had_ended_before_lives_again_as_anothers(
    identified, process, visit, view, stored
):
    """It holds nothing of what was ended."""
    process.registry.end_session(session_digest("secret", KEY))

    visit(view, socket_key=KEY, **stored)

    assert visit.session["socket_key"] not in (None, KEY)


def test_session_without_a_key_has_nothing_to_end(identified, process, visit):
    """A log-in on a site that has shown no page."""
    visit(log_in)

    assert visit.session == {"user": 42} or visit.session == {"user": 42, "_permanent": True}
    assert process.disconnected == []


def test_app_that_never_says_keeps_its_key_at_a_log_in(app, process, visit):
    """It does not say what a log-in is."""
    visit(log_in, socket_key=KEY)

    assert visit.session["socket_key"] == KEY
    assert not has_ended(process)


def test_log_out_does_not_fail_without_a_registry(identified, process, visit):
    """What it ends is told the registry when that is back."""
    end_session, is_away = process.registry.end_session, [True]

    def be_away(session, heir=""):
        if is_away:
            is_away.pop()
            raise RegistryUnavailable("away")
        end_session(session, heir)

    process.registry.end_session = be_away

    response = visit(log_out, socket_key=KEY, user=42)

    assert response.status_code == 200
    assert visit.session["socket_key"] != KEY


def test_session_has_ended_under_every_secret_key(identified, process, visit):
    """While keys rotate, a process that knows the earlier one alone finds it too."""
    identified.config["SECRET_KEY_FALLBACKS"] = ["earlier"]

    visit(log_out, socket_key=KEY, user=42)

    page = digest("earlier", KEY, "an-id-of-a-page")
    assert process.registry.connect(page, "1").has_ended
    assert {order.session for order in process.disconnected} == {
        session_digest("secret", KEY),
        session_digest("earlier", KEY),
    }


def test_user_that_is_read_through_g_is_asked_of_the_session_as_it_came(app, process, visit):
    """Flask-Login's current_user is kept in g: it is not the user of the session that came."""

    def who():
        if "user" not in g:
            g.user = session.get("user")
        return g.user

    app.extensions[EXTENSION].set(who)

    def view():
        session["user"] = 42
        g.user = 42
        return ""

    visit(view, socket_key=KEY)

    assert visit.session["socket_key"] != KEY
    assert process.disconnected == ENDED


def test_identity_that_is_not_known_is_the_requests_500(app, visit):
    """And no stranger's."""
    app.extensions[EXTENSION].set(lambda: 1 / 0)

    assert visit(log_in, socket_key=KEY).status_code == 500


@pytest.mark.parametrize("remember", [False, True])
def test_log_in_by_flask_login_gets_another_key(app, process, remember):
    """By its form, and by a cookie that remembers."""
    app.extensions[EXTENSION].set(flask_login)
    manager = flask_login.LoginManager(app)
    user = flask_login.UserMixin()
    user.id = "42"
    manager.user_loader(lambda user_id: user)

    @app.post("/login")
    def log_in():
        flask_login.login_user(user, remember=remember)
        return ""

    @app.get("/me")
    @flask_login.login_required
    def me():
        return dict(session)

    client = app.test_client()
    with client.session_transaction() as stored:
        stored["socket_key"] = KEY
    client.post("/login").close()
    first = client.get("/me").json["socket_key"]
    assert first != KEY
    assert process.disconnected == ENDED
    if remember:
        with client.session_transaction() as stored:
            stored.clear()
            stored["socket_key"] = "planted"
        client.get("/me").close()
        assert client.get("/me").json["socket_key"] not in ("planted", first)
        assert process.disconnected[-1] == Disconnect(
            session=session_digest("secret", "planted"), code=4001
        )
