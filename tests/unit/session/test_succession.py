"""The key of a session after a request has ended it: every case of the rule."""

import flask_login
import pytest
from flask import session

from flask_realtime.errors import RegistryUnavailable
from flask_realtime.identity.keys import digest, session_digest
from flask_realtime.page.user_loader import EXTENSION

from .views import KEY

USER = flask_login.UserMixin()
USER.id = "42"


@pytest.fixture(autouse=True)
def app(settled):
    settled.extensions[EXTENSION].set(flask_login)
    flask_login.LoginManager(settled).user_loader(lambda user_id: USER)
    return settled


def lived(process, monkeypatch):
    pass


def ended(process, monkeypatch):
    process.registry.end_session(session_digest("secret", KEY))


def not_known(process, monkeypatch):
    def be_away(*_):
        raise RegistryUnavailable("It hangs.")

    monkeypatch.setattr(process.registry, "end_session", be_away)
    monkeypatch.setattr(process.registry, "has_ended", be_away)


def be_another():
    session["_user_id"] = "43"
    return "another"


def log_out():
    flask_login.logout_user()
    return "out"


def clear():
    session.clear()
    return "<body>nobody</body>"


def show_password():
    flask_login.login_user(USER)
    return "<body>in</body>"


def show_password_anew():
    session.clear()
    return show_password()


def renew():
    session.clear()
    session["_user_id"] = "42"
    return "<body>renewed</body>"


@pytest.mark.parametrize("view", [be_another, log_out, clear, show_password_anew])
@pytest.mark.parametrize("before", [lived, ended, not_known])
def test_who_shows_more_than_a_cookie_gets_a_key_that_lives(
    process, visit, monkeypatch, view, before
):
    """A visitor who has proved more than the possession of a cookie gets a key that works, whatever
    the registry knows."""
    before(process, monkeypatch)

    visit(view, socket_key=KEY, _user_id="42")

    assert visit.session["socket_key"] != KEY


@pytest.mark.parametrize(("before", "is_new"), [(lived, False), (ended, True), (not_known, True)])
def test_log_in_of_the_user_whose_session_it_is(process, visit, monkeypatch, before, is_new):
    """The same user logs in. A session that is known not to have ended continues with its pages;
    any other gets a new key."""
    before(process, monkeypatch)

    visit(show_password, socket_key=KEY, _user_id="42")

    assert (visit.session["socket_key"] != KEY) is is_new


@pytest.mark.parametrize("way", ["renew", "disconnect"])
@pytest.mark.parametrize(("before", "is_new"), [(lived, True), (ended, False), (not_known, False)])
def test_who_may_have_a_mere_copy_of_the_cookie(
    process, visit, end_of_request, monkeypatch, way, before, is_new
):
    """A request may come from a copied cookie. Its session gets a key that works only if the
    session is known not to have ended before."""
    before(process, monkeypatch)

    def disconnect():
        end_of_request.end_session()
        return "<body>password changed</body>"

    visit(renew if way == "renew" else disconnect, socket_key=KEY, _user_id="42")

    assert (visit.session["socket_key"] not in (None, KEY)) is is_new
    assert is_new or visit.session["socket_key"] == KEY


@pytest.mark.parametrize("way", ["renew", "disconnect", "log out"])
def test_session_that_goes_on_ends_with_an_earlier_end_that_is_told_late(
    process, visit, end_of_request, way
):
    """Somebody logged out in a process that could not reach the registry, and then a thief used the
    cookie. When the first end arrives late, it ends the thief's session too."""
    process.registry.connect(digest("secret", KEY, "an-id-of-a-page"), "1")

    def view():
        if way == "renew":
            return renew()
        end_of_request.end_session()
        return log_out() if way == "log out" else "<body>changed</body>"

    visit(view, socket_key=KEY, _user_id="42")
    process.registry.end_session(session_digest("secret", KEY), age=60_000)

    page = digest("secret", visit.session["socket_key"], "an-id-of-a-page")
    assert process.registry.connect(page, "1").has_ended is (way != "log out")


def test_end_that_the_view_cannot_tell_is_not_taken_for_the_first(
    app, process, visit, end_of_request, monkeypatch
):
    """A timeout of the app interrupts the view while Redis hangs, and the app answers. That end
    does not count as the session's first."""

    class CutOff(Exception):
        pass

    def hang(*_):
        raise CutOff

    monkeypatch.setattr(process, "end", hang)
    app.register_error_handler(CutOff, lambda error: "<body>later</body>")

    def disconnect():
        end_of_request.end_session()

    visit(disconnect, socket_key=KEY, _user_id="42")

    assert visit.session["socket_key"] == KEY


@pytest.mark.parametrize(
    ("view", "stored"),
    [
        (log_out, {"_user_id": "42"}),
        (clear, {"_user_id": "42"}),
        (show_password, {}),
        (renew, {"_user_id": "42"}),
    ],
)
def test_registry_is_asked_no_question_beside_the_end(process, visit, monkeypatch, view, stored):
    """A log-in, a log-out and a renewal each record the end of the former session, and need no
    further question to the registry."""
    asked = []
    monkeypatch.setattr(process.registry, "has_ended", lambda *sessions: asked.append(sessions))

    visit(view, socket_key=KEY, **stored)

    assert visit.session.get("socket_key") != KEY
    assert asked == []
