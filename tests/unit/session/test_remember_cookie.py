"""The cookie by which Flask-Login logs a user in again."""

import flask
import flask_login
import pytest
from flask import request

from flask_realtime.session.remember_cookie import (
    delete_remembering,
    hide_remembering,
    remembering_cookie,
    remembers_anew,
    take_hidden_away,
)


@pytest.fixture
def app(app_with_log_ins):
    return app_with_log_ins


@pytest.fixture
def cookie(app):
    """The cookie of the user 42."""
    with app.app_context():
        return flask_login.encode_cookie("42")


def bringing(app, cookie, name="remember_token"):
    """A context in which the current request brings a remember cookie."""
    return app.test_request_context(headers={"Cookie": f"cart=tea; {name}={cookie}"})


def response_with(*lines):
    response = flask.Response("text")
    for line in lines:
        response.headers.add("Set-Cookie", line)
    return response


def test_cookie_is_one_that_flask_login_has_made(app, cookie):
    """Anybody can write something else there."""
    with bringing(app, cookie):
        assert remembering_cookie() == cookie
    for forged in ("42|0123", "42", "", '"42|\\303\\251"'):
        with bringing(app, forged):
            assert remembering_cookie() == ""


def test_app_without_flask_login_has_none(plain_app, app, cookie):
    """Its cookie of that name is some other one."""
    del plain_app.login_manager
    with bringing(plain_app, cookie):
        delete_remembering(response := response_with())

        assert remembering_cookie() == ""
        assert "Set-Cookie" not in response.headers


@pytest.mark.parametrize(
    ("brought", "line", "found"),
    [
        ("", "remember_token=42|ab; Path=/", True),
        ("42|ab", "remember_token=42|ab; Path=/", None),
        ("42|ab", "remember_token=; Path=/; Max-Age=0", False),
        ("", "remember_token=; Path=/; Max-Age=0", None),
        ("", "remember_token_2=42|ab; Path=/", None),
    ],
)
def test_remembering_begins_and_ends(app, brought, line, found):
    """An answer that renews the cookie, or deletes none, changes nothing."""
    with bringing(app, brought):
        assert remembers_anew(response_with(line)) is found


def test_deletion_goes_by_the_settings_of_the_app(app, cookie):
    """A browser deletes the cookie of that name, path and domain."""
    app.config.update(REMEMBER_COOKIE_NAME="stay", REMEMBER_COOKIE_PATH="/shop")
    app.config["REMEMBER_COOKIE_DOMAIN"] = "example.com"
    with bringing(app, cookie, "stay"):
        delete_remembering(response := response_with())

    line = response.headers["Set-Cookie"]
    assert line.startswith("stay=;")
    assert {"Path=/shop", "Domain=example.com"} <= {*line.split("; ")}


def test_hidden_cookie_is_taken_away_by_an_answer_that_sets_no_other(app, cookie):
    """The app's views see all other cookies."""
    with bringing(app, cookie):
        hide_remembering()
        take_hidden_away(silent := response_with())
        take_hidden_away(telling := response_with("remember_token=43|ab; Path=/"))
        seen = dict(request.cookies)

    assert seen == {"cart": "tea"}
    assert silent.headers["Set-Cookie"].startswith("remember_token=;")
    assert telling.headers.getlist("Set-Cookie") == ["remember_token=43|ab; Path=/"]
