"""Who may fetch the changes of a session, and who is refused."""

from __future__ import annotations

import io

import flask
import pytest
from cachelib import SimpleCache
from flask_session import Session

from flask_realtime.errors import RegistryUnavailable
from flask_realtime.identity.keys import CONNECTION_ID_HEADER, SOCKET_KEY, digest, session_of
from flask_realtime.registries.records import Disconnect
from flask_realtime.session.session_path import TAKER_HEADER

from ..conversations import CONNECTION_ID, Browser, put
from ..warned import assert_few_lines_tell_of


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": None}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "http://localhost:81"}, 403),
        ({"X-Realtime-Connection-Id": None}, 400),
        ({"X-Realtime-Connection-Id": "short"}, 400),
        ({"X-Realtime-Connection-Id": "another-id-of-a-page"}, 204),
    ],
)
def test_take_over_is_for_the_page_itself_alone(browser, headers, status):
    """Another origin or another page gets no changes, which go on waiting."""
    put(browser.open_socket(), a=1)

    response = browser.take_over(**headers)

    assert response.status_code == status
    # By this header alone the client tells the app's refusal from a proxy's.
    refused = response.headers.get("X-Realtime-Refused")
    assert refused == ("session" if status == 403 else None)
    assert browser.session() == {}
    browser.take_over()
    assert browser.session() == {"a": 1}


def test_take_over_may_come_from_an_allowed_origin(app):
    """Pages of REALTIME_ALLOWED_ORIGINS may open sockets, and fetch the changes that these make."""
    browser = Browser(app, ALLOWED_ORIGINS=["https://other.example"])
    put(browser.open_socket(), a=1)

    assert browser.take_over(Origin="https://other.example").status_code == 204
    assert browser.session() == {"a": 1}


@pytest.mark.parametrize("kind", ["application/json", "application/x-www-form-urlencoded"])
def test_body_at_the_session_path_is_left_alone(browser, kind):
    """Anybody may send a body of any size, so it is not parsed."""
    put(browser.open_socket(), a=1)
    body = io.BytesIO(b"[" * 1000)

    response = browser.take_over(body, **{"Content-Type": kind, "Content-Length": "1000"})

    assert response.status_code == 204
    assert body.tell() == 0


def test_take_over_without_a_socket_key_is_refused(browser):
    """A slow response to another tab has removed the key from the session. The page is refused, and
    reloads."""
    put(browser.open_socket(), a=1)
    with browser.client.session_transaction() as stored:
        del stored[SOCKET_KEY]

    response = browser.take_over()

    assert response.status_code == 403
    assert response.headers["X-Realtime-Refused"] == "session"
    assert browser.session() == {}


@pytest.mark.parametrize(
    "refuse",
    [
        lambda: flask.redirect("/login"),
        lambda: ("Log in first.", 401),
        lambda: flask.abort(403),
    ],
    ids=["redirect", "401", "403"],
)
def test_refusal_of_the_app_is_marked_as_its_own(app, browser, refuse):
    """The app refuses the session path, even by a redirect. The header tells the page that a router
    in the app's place did not do it."""
    app._got_first_request = False
    app.before_request(refuse)

    response = browser.take_over()

    assert response.status_code in (401, 403)
    assert response.headers["X-Realtime-Refused"] == "session"
    assert "Location" not in response.headers


def test_refusal_of_the_session_path_is_marked(browser):
    """A refusal of the session path itself has the header, and its other answers do not."""
    assert "X-Realtime-Refused" not in browser.take_over().headers
    assert "X-Realtime-Refused" not in browser.take_over(**{CONNECTION_ID_HEADER: "short"}).headers

    refused = browser.take_over(Origin="https://evil.example")
    assert refused.headers["X-Realtime-Refused"] == "session"


def test_refusal_of_any_other_view_is_the_app_s_alone(app, browser):
    """Answers of other views have no such header."""
    app._got_first_request = False
    app.add_url_rule("/private", "private", lambda: flask.redirect("/login"))

    response = browser.client.get("/private")

    assert response.status_code in (302, 303)
    assert "X-Realtime-Refused" not in response.headers


def be_away(*_args):
    raise RegistryUnavailable("away")


def test_take_over_without_the_registry_is_503(app):
    """The registry is unavailable: the client is told to try again."""
    browser = Browser(app)
    browser.registry.collect = be_away

    assert browser.take_over().status_code == 503


@pytest.mark.parametrize("headers", [{}, {CONNECTION_ID_HEADER: "new"}])
def test_strangers_fill_no_log_while_the_registry_is_away(app, caplog, headers):
    """Anybody may ask as often as they like: the warnings get one line a second, which says how
    many it stands for."""
    browser = Browser(app)
    browser.identify.set(lambda: "42")
    browser.registry.collect = browser.registry.subscribe = be_away

    for _ in range(20):
        assert browser.take_over(**headers).status_code == 503

    assert_few_lines_tell_of(20, caplog)


def test_take_over_is_a_post(browser):
    """A GET, which a link could send, is refused."""
    assert browser.client.get("/_realtime/session").status_code == 405


def test_function_of_the_app_may_write_into_the_session_at_the_end_of_each_request(app, browser):
    """An app notes in the session when its visitor was seen last. The browser is told that nothing
    waits, and gets no cookie for what was noted."""

    @app.after_request
    def note(response):
        flask.session["seen"] = "now"
        return response

    response = browser.take_over()

    assert response.status_code == 204
    assert "Set-Cookie" not in response.headers


def test_log_out_reaches_the_browser_though_the_answer_that_brings_it_fails(app, browser):
    """The app's function that tells users fails for a moment, once the log-out was taken from where
    it waited. The error's answer hands it over, or leaves it to the next request."""
    app.config["PROPAGATE_EXCEPTIONS"] = False
    failing = []

    @browser.identify.set
    def who():
        if failing and failing.pop():
            raise LookupError("no user")
        return flask.session.get("user")

    @app.post("/logout")
    def log_out():
        del flask.session["user"]
        answer = flask.make_response("")
        answer.delete_cookie("remembered")
        return answer

    with browser.client.session_transaction() as stored:
        stored["user"] = 42
    browser.digest = digest(app.secret_key, browser.key, CONNECTION_ID, "42")
    browser.open_socket().call("/logout", method="post")

    # The session as it came is known, and then neither the one behind the view nor that.
    failing[:] = [True, True, False]
    answers = [browser.take_over(**{TAKER_HEADER: "a-page"}) for _ in range(2)]

    assert answers[0].status_code == 500
    handed = [line for one in answers for line in one.headers.getlist("Set-Cookie")]
    assert any(line.startswith("remembered=;") for line in handed)
    assert browser.session() == {}


@pytest.mark.parametrize("is_kept_by_server", [False, True])
def test_log_out_by_a_call_is_one_though_the_app_fails_to_tell_a_stranger(app, is_kept_by_server):
    """The app's function reads what a stranger's session lacks. The call is answered, the session's
    sockets are closed, and the browser is logged out."""
    if is_kept_by_server:
        app.config.update(SESSION_TYPE="cachelib", SESSION_CACHELIB=SimpleCache())
        Session(app)
    browser = Browser(app)
    browser.identify.set(lambda: flask.session["user"])

    @app.post("/logout")
    def log_out():
        del flask.session["user"]
        return ""

    with browser.client.session_transaction() as stored:
        stored["user"] = 42
    browser.digest = digest(app.secret_key, browser.key, CONNECTION_ID, "42")

    reply = browser.open_socket().call("/logout", method="post")
    if not is_kept_by_server:
        assert browser.take_over().status_code == 204

    assert reply["status"] == 200
    assert "user" not in browser.session()
    assert Disconnect(session=session_of(browser.digest), code=4001, is_left=True) in (
        browser.process.disconnected
    )
