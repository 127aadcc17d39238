"""Who may take over a session, and who is refused."""

from __future__ import annotations

import io

import flask
import pytest

from flask_realtime.errors import RegistryUnavailable
from flask_realtime.identity.keys import CONNECTION_ID_HEADER, SOCKET_KEY

from ..conversations import Browser, put


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
    """Another origin gets nothing, nor does another page; and what waits goes on waiting."""
    put(browser.open_socket(), a=1)

    response = browser.take_over(**headers)

    assert response.status_code == status
    # By that alone the client knows a refusal of ours from one of a proxy.
    refused = response.headers.get("X-Realtime-Refused")
    assert refused == ("session" if status == 403 else None)
    assert browser.session() == {}
    browser.take_over()
    assert browser.session() == {"a": 1}


def test_take_over_may_come_from_an_allowed_origin(app):
    """REALTIME_ALLOWED_ORIGINS may open sockets, and take over what these change."""
    browser = Browser(app, ALLOWED_ORIGINS=["https://other.example"])
    put(browser.open_socket(), a=1)

    assert browser.take_over(Origin="https://other.example").status_code == 204
    assert browser.session() == {"a": 1}


@pytest.mark.parametrize("kind", ["application/json", "application/x-www-form-urlencoded"])
def test_body_at_the_session_path_is_left_alone(browser, kind):
    """Anybody may send one of any size, and parsing it would stop the process."""
    put(browser.open_socket(), a=1)
    body = io.BytesIO(b"[" * 1000)

    response = browser.take_over(body, **{"Content-Type": kind, "Content-Length": "1000"})

    assert response.status_code == 204
    assert body.tell() == 0


def test_take_over_without_a_socket_key_is_refused(browser):
    """A session that lost its key, to another tab's slow answer say, is not that of the page, which
    reloads then."""
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
    """A page tells it from what a router answers while the app is away, a redirect too, whose
    headers no script is shown."""
    app._got_first_request = False
    app.before_request(refuse)

    response = browser.take_over()

    assert response.status_code in (401, 403)
    assert response.headers["X-Realtime-Refused"] == "session"
    assert "Location" not in response.headers


def test_refusal_of_the_session_path_is_marked(browser):
    """So is what the session path itself refuses, and nothing else of what it answers."""
    assert "X-Realtime-Refused" not in browser.take_over().headers
    assert "X-Realtime-Refused" not in browser.take_over(**{CONNECTION_ID_HEADER: "short"}).headers

    refused = browser.take_over(Origin="https://evil.example")
    assert refused.headers["X-Realtime-Refused"] == "session"


def test_refusal_of_any_other_view_is_the_app_s_alone(app, browser):
    """Nothing is changed about what the app answers elsewhere."""
    app._got_first_request = False
    app.add_url_rule("/private", "private", lambda: flask.redirect("/login"))

    response = browser.client.get("/private")

    assert response.status_code in (302, 303)
    assert "X-Realtime-Refused" not in response.headers


def test_take_over_without_the_registry_is_503(app):
    """The client comes again."""
    browser = Browser(app)

    def be_away(digest, taker):
        raise RegistryUnavailable("away")

    browser.registry.collect = be_away

    assert browser.take_over().status_code == 503


def test_take_over_is_a_post(browser):
    """Nothing that a link could do."""
    assert browser.client.get("/_realtime/session").status_code == 405
