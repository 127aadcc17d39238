"""Requests of apps whose function of ``realtime.identify`` fails, for strangers for example."""

from dataclasses import replace

import pytest
from flask import render_template_string, session

from flask_realtime.identity.keys import session_digest
from flask_realtime.page.client import came, current_client
from flask_realtime.page.user_loader import EXTENSION
from flask_realtime.registries.records import Disconnect

from .pages import PAGE, SCRIPTED
from .views import KEY, has_ended, log_in

ENDED = [Disconnect(session=session_digest("secret", KEY), code=4001, is_left=True)]


def test_session_that_is_cleared_ends_though_the_app_fails_to_tell_users(settled, process, visit):
    """The app's function fails at a log-out, because of what the session held. The browser has no
    session left, and the sockets of the former one hear nothing more."""
    failing = []

    @settled.extensions[EXTENSION].set
    def who():
        if failing and "user" in session:
            raise LookupError("no user")
        return session.get("user")

    def clear():
        failing.append(True)
        session.clear()
        return ""

    response = visit(clear, socket_key=KEY, user=42)

    assert response.status_code == 200
    assert has_ended(process)
    assert process.disconnected == ENDED


def test_session_that_is_cleared_ends_with_an_error_too(settled, process, visit):
    """As above, by a request that acts on a page. The answer is an error, and ends no less."""
    failing = []

    @settled.extensions[EXTENSION].set
    def who():
        if failing:
            raise LookupError("no user")
        return session.get("user")

    def clear():
        failing.append(True)
        session.clear()
        current_client()
        return ""

    response = visit(clear, socket_key=KEY, user=42)

    assert response.status_code == 500
    assert has_ended(process)
    assert process.disconnected == [replace(ENDED[0], is_left=False)]


@pytest.mark.parametrize("forget", [lambda: session.clear(), lambda: session.pop("user")])
@pytest.mark.parametrize(("answer", "status"), [("", 200), (PAGE, 200), (SCRIPTED, 500)])
def test_log_out_is_one_though_the_app_fails_to_tell_a_stranger(
    settled, process, visit, forget, answer, status
):
    """The app's function reads what a stranger's session lacks. Its user logs out: the session has
    ended, and its sockets are closed. A page that asks who its user is is an error all the same."""
    settled.extensions[EXTENSION].set(lambda: session["user"])

    def log_out():
        forget()
        return render_template_string(answer)

    response = visit(log_out, user=42, socket_key=KEY)

    assert response.status_code == status
    assert has_ended(process)
    assert process.disconnected == ENDED


@pytest.mark.parametrize("key", [KEY, None])
def test_identity_that_is_not_known_is_the_500_of_requests_that_use_it(settled, visit, key):
    """The function of realtime.identify fails. A page that uses the library is answered 500, and
    its visitor is not treated as anonymous."""
    settled.extensions[EXTENSION].set(lambda: 1 / 0)

    response = visit(lambda: log_in() and render_template_string(SCRIPTED), socket_key=key)

    assert response.status_code == 500


@pytest.mark.parametrize("key", [KEY, None])
@pytest.mark.parametrize("answer", ["in", PAGE])
def test_request_that_uses_nothing_is_answered_though_the_app_fails_to_tell_users(
    settled, process, visit, caplog, key, answer
):
    """A form for strangers writes a token into the session, and the function of realtime.identify
    fails for each of them. The log says so, and nothing ends. No cache keeps a stranger's page in
    place of a user's."""
    settled.extensions[EXTENSION].set(lambda: session["user"])

    response = visit(lambda: session.update(token=1) or answer, socket_key=key)

    assert (response.status_code, response.text) == (200, answer)
    assert response.headers.get("Cache-Control") == (
        "private, no-cache" if answer == PAGE else None
    )
    assert (visit.session["socket_key"], visit.session["token"]) == (key, 1)
    assert process.disconnected == []
    failures = [one for one in caplog.records if one.levelname == "ERROR"]
    # At the first request, at this one, and at the one that reads the session.
    assert all("realtime.identify failed" in one.getMessage() for one in failures)
    assert failures and all(one.exc_info[0] is KeyError for one in failures)


def test_user_stays_logged_in_where_the_app_fails_to_tell_him_for_a_moment(settled, process, visit):
    """The function of realtime.identify has told the user at the beginning of a request, and fails
    at its end, for the session as it came too: that says nothing of a log-out."""
    failing = []

    @settled.extensions[EXTENSION].set
    def who():
        if failing and failing[-1]:
            raise ConnectionError("no database")
        return session.get("user")

    def fill_cart():
        came()
        failing.append(True)
        session["cart"] = "full"
        return ""

    settled.teardown_request(lambda error: failing.clear())
    response = visit(fill_cart, socket_key=KEY, user=42)

    assert response.status_code == 200
    assert visit.session["socket_key"] == KEY
    assert not has_ended(process)
    assert process.disconnected == []
