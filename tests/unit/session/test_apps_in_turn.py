"""Two apps of one process that a middleware asks in turn, with the same environ."""

import pytest
from cachelib import SimpleCache
from flask import Flask, session
from flask_session import Session
from werkzeug.test import Client

from flask_realtime import Realtime
from flask_realtime.page.client import came, current_client, key_that_came


def make_app(name, is_kept_by_server, noted, uses_pages):
    """An app whose users log in and out. It notes whose session has come at a log-out."""
    app = Flask(name)
    app.config.update(SECRET_KEY=name, REALTIME_REGISTRY="memory", SESSION_COOKIE_NAME=name)
    if is_kept_by_server:
        app.config.update(SESSION_TYPE="cachelib", SESSION_CACHELIB=SimpleCache())
        Session(app)
    realtime = Realtime(app)
    realtime.identify(lambda: session.get("user"))

    @app.before_request
    def use_page():
        if uses_pages:
            realtime.socket.subscribe("all")

    @app.get(f"/{name}/in")
    def log_in():
        session.permanent = True
        session["user"] = name
        session[f"cart of {name}"] = ["a towel"]
        return "in"

    @app.get(f"/{name}/out")
    def log_out():
        key = session["socket_key"]
        session.clear()
        noted.append((came().identity, key_that_came() == key, current_client().asked))
        return "out"

    return app


def in_turn(first, second):
    """A middleware that asks the second app what the first one answers 404."""

    def ask(environ, start_response):
        answered = []
        body = first(environ, lambda *answer: answered.append(answer))
        if answered[0][0].startswith("404"):
            return second(environ, start_response)
        start_response(*answered[0])
        return body

    return ask


@pytest.mark.parametrize("first_is_kept_by_server", [True, False])
@pytest.mark.parametrize("second_is_kept_by_server", [True, False])
@pytest.mark.parametrize("first_uses_pages", [True, False])
def test_each_app_sees_its_own_session_as_it_came(
    first_is_kept_by_server, second_is_kept_by_server, first_uses_pages
):
    """A visitor has logged in to both apps, and keeps a cart in each. What the first app answers
    404, also once it has subscribed the page, the second one is asked for: a log-out there ends the
    session of that app, and no other, and concerns no page of the first one."""
    noted = []
    first = make_app("first", first_is_kept_by_server, noted, first_uses_pages)
    second = make_app("second", second_is_kept_by_server, noted, uses_pages=False)

    browser = Client(in_turn(first, second))
    browser.get("/first/in")
    browser.get("/second/in")

    assert browser.get("/second/out").text == "out"
    assert noted == [("second", True, {})]
