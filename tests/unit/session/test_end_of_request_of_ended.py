"""Requests with a session that has ended: from an old cookie, or a copy of one."""

import pytest
from flask import flash, g, session

from flask_realtime.identity.keys import session_digest
from flask_realtime.page.client import came
from flask_realtime.page.cookie_sessions import has_cookie_session
from flask_realtime.page.user_loader import EXTENSION
from flask_realtime.session.page_subscriptions import Grants

from .views import KEY, clear, has_ended, log_in, log_out

# More than the minute in which a form may be sent twice.
AGE = 120_000


@pytest.fixture(autouse=True)
def end(process):
    process.registry.end_session(session_digest("secret", KEY), age=AGE)


def test_session_that_had_ended_before_keeps_its_ended_key(identified, process, visit):
    """The ended session keeps its key, with which no page connects; otherwise a copy of the cookie
    would be useful again."""

    def renew():
        session.clear()
        session["user"] = 42
        return "<body>renewed</body>"

    visit(renew, socket_key=KEY, user=42)

    assert visit.session["socket_key"] == KEY
    assert has_ended(process)


@pytest.mark.parametrize("way", ["disconnect", "clear"])
def test_page_of_a_session_that_had_ended_before_is_shown(
    identified, process, visit, end_of_request, way
):
    """The page of an ended session is rendered as usual, although it subscribes and its session is
    not saved."""
    grants = Grants(lambda: process)

    def view():
        if way == "clear":
            session.clear()
            session["user"] = 42
        else:
            end_of_request.end_session()
        grants.subscribe(["room:1"])
        return "<body>shown</body>"

    response = visit(view, socket_key=KEY, user=42)

    assert response.status_code == 200 and "connection-id" in response.text
    assert visit.session["socket_key"] == KEY
    assert has_ended(process)


def test_log_in_of_the_same_user_in_a_session_that_had_ended_before_is_saved(
    identified, process, visit
):
    """The same user logs in, and the session is saved. Its pages connect only after a log-out,
    since a thief of the cookie could do the same."""

    def log_in_again():
        session.clear()
        session.update(user=42, note="hello")
        return "<body>in</body>"

    visit(log_in_again, socket_key=KEY, user=42, cart=[1])

    assert visit.session["note"] == "hello" and "cart" not in visit.session
    assert visit.session["socket_key"] == KEY
    assert has_ended(process)


@pytest.mark.parametrize("is_repeated", [False, True])
@pytest.mark.parametrize(
    "written", [{}, {"csrf_token": "another"}, {"_flashes": ["You are logged out."]}]
)
@pytest.mark.parametrize("answer", ["no page", "<body>a page</body>"])
def test_ended_session_that_is_emptied_is_saved_while_the_app_names_its_user(
    found_once, process, visit, is_repeated, written, answer
):
    """The app has found its user for the request before the session is emptied. The former key is
    not given back, by which no page would connect from then on: neither where the answer is a page,
    which needs a key, nor where the page writes the token of a form."""
    process.is_repeated = is_repeated

    def find_and_clear():
        g.user = session["user"]
        session.clear()
        session.update(written)
        return answer

    visit(find_and_clear, socket_key=KEY, user=42, csrf_token="a token")

    assert "user" not in visit.session
    assert visit.session.get("socket_key") != KEY
    assert {**visit.session, **written} == visit.session


def test_ended_session_that_is_emptied_is_answered_where_the_app_cannot_say_whose_it_is(
    settled, process, visit
):
    """The app's function has its user from the request, and fails for a session that names none:
    such a session counts as nobody's, as elsewhere."""
    settled.extensions[EXTENSION].set(lambda: g.get("user") or session["user"])

    def find_and_clear():
        g.user = session["user"]
        session.clear()
        session["csrf_token"] = "another"
        return "no page"

    assert visit(find_and_clear, socket_key=KEY, user=42).status_code == 200

    assert visit.session["csrf_token"] == "another"
    assert visit.session.get("socket_key") != KEY


def test_ended_session_keeps_its_key_where_the_app_finds_no_user_in_it(settled, process, visit):
    """The app's function goes by what a before_request function has found, and so says nothing of
    the session that is left: that may be the user's."""

    @settled.before_request
    def find():
        g.user = session.get("user")
        came()

    settled.extensions[EXTENSION].set(lambda: g.get("user"))

    def renew():
        session.clear()
        session.update(user=42, note="hello")
        return "<body>renewed</body>"

    visit(renew, socket_key=KEY, user=42)

    assert visit.session["note"] == "hello"
    assert visit.session["socket_key"] == KEY


@pytest.fixture
def found_once(settled):
    """The app looks for its user once in each request."""
    settled.extensions[EXTENSION].set(lambda: g.get("user", session.get("user")))


def change_password(end_of_request):
    session.pop("must_change")
    session["changes"] = 1
    end_of_request.end_session()
    return "<body>changed</body>"


def change_password_anew(end_of_request):
    session.clear()
    session["user"] = 42
    flash("Your password is changed.")
    return "<body>changed</body>"


@pytest.mark.parametrize("view", [change_password, change_password_anew])
def test_browser_with_an_ended_cookie_gets_out_of_a_form(
    identified, process, visit, end_of_request, view
):
    """A view removes a value from an ended session. The value is gone, and the session stays
    ended."""
    visit(lambda: view(end_of_request), socket_key=KEY, user=42, must_change=True)

    assert "must_change" not in visit.session
    assert visit.session["socket_key"] == KEY
    assert has_ended(process)


@pytest.mark.parametrize("knows", ["process", "registry"])
@pytest.mark.parametrize("view", [change_password, change_password_anew])
def test_form_that_is_sent_twice_leaves_the_answer_to_the_first_in_the_browser(
    identified, process, visit, end_of_request, view, knows
):
    """A log-in form is sent twice. The answer to the second does not replace the living key of the
    first."""
    key = KEY
    if knows == "process":
        process.is_repeated = True
    else:
        key = "another-socket-key"
        process.registry.end_session(session_digest("secret", key))

    visit(lambda: view(end_of_request), socket_key=key, user=42, must_change=True)

    is_in_cookie = has_cookie_session(identified)
    assert not is_in_cookie or visit.session["must_change"]


@pytest.mark.parametrize(
    ("view", "stored"),
    [(log_in, {"user": 41}), (log_in, {}), (log_out, {"user": 42}), (clear, {})],
    ids=["another", "in", "out", "cleared"],
)
def test_session_that_had_ended_before_lives_again_as_anothers(
    identified, process, visit, view, stored
):
    """Another user logs in to an ended session, which then has a new key and nothing of the former
    subscriptions."""
    visit(view, socket_key=KEY, **stored)

    assert visit.session["socket_key"] not in (None, KEY)
