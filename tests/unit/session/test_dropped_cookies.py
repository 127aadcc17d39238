"""A cookie of a message that no browser would keep is dropped by the socket too."""

import logging
import secrets

import pytest
from flask import request

from flask_realtime.messages.conversation import DROPPED_HEADER

from ..conversations import Browser

# Random text, which hardly compresses in a session's cookie.
LARGE = secrets.token_hex(8000)


@pytest.fixture
def browser(app):
    @app.post("/cookie")
    def set_cookie():
        response = app.response_class()
        response.headers.add(
            "Set-Cookie", f"{request.json['name']}={request.json['value']}; Path=/"
        )
        return response

    return Browser(app)


# Werkzeug itself warns the app of large cookies.
@pytest.mark.filterwarnings("ignore:The 'session' cookie is too large")
def test_session_that_is_too_large_leaves_the_former_one(browser):
    """A message stores too much in the session. As by HTTP, the next message and the browser have
    the former session."""
    socket = browser.open_socket()
    socket.call("/set", method="post", json={"cart": "small"})

    reply = socket.call("/set", method="post", json={"cart": LARGE})

    assert reply.get("session") is None
    assert socket.call("/session")["body"] == {"cart": "small"}
    browser.take_over()
    assert browser.session() == {"cart": "small"}


def test_cookie_that_is_too_large_is_logged_once(browser, caplog):
    """One warning names the cookie."""
    caplog.set_level(logging.WARNING, "flask_realtime")
    socket = browser.open_socket()

    for name in ("draft", "other"):
        reply = socket.call("/cookie", method="post", json={"name": name, "value": LARGE})
        assert reply.get("session") is None

    (record,) = caplog.records
    assert "'draft'" in record.getMessage()
    assert "4096" in record.getMessage()


@pytest.mark.parametrize("is_debug", [True, False])
def test_reply_names_the_dropped_cookie_in_debug_mode(app, browser, is_debug):
    """In debug mode, and only there, the reply names the cookie."""
    app.debug = is_debug
    socket = browser.open_socket()

    reply = socket.call("/cookie", method="post", json={"name": "draft", "value": LARGE})

    assert reply["headers"].get(DROPPED_HEADER) == ("draft" if is_debug else None)
