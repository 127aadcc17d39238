"""Apps of one process that are asked with the same environ, in turn or within each other."""

import pytest
from cachelib import SimpleCache
from flask import Flask, abort, request, session
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

    @app.get(f"/{name}/page")
    def show_page():
        realtime.socket.subscribe("all")
        return "<body>"

    @app.get(f"/{name}/key")
    def tell_key():
        return session.get("socket_key", "")

    return app


def in_turn(first, second, status="404"):
    """A middleware that asks the second app what the first one answers by *status*."""

    def ask(environ, start_response):
        answered = []
        body = first(environ, lambda *answer: answered.append(answer))
        if answered[0][0].startswith(status):
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


@pytest.mark.parametrize("is_kept_by_server", [True, False])
@pytest.mark.parametrize("inner_path", ["/inner/key", "/inner/page", "/inner/in", "/inner/out"])
@pytest.mark.parametrize("logs_out", [True, False])
def test_view_that_asks_another_app_keeps_its_own_session(is_kept_by_server, inner_path, logs_out):
    """A view changes its session, and answers by another app, which it asks with its own environ,
    and in which the visitor is logged in as well. A log-out ends the session, and nothing else
    does, whatever the other app does to its own session."""
    outer = make_app("outer", is_kept_by_server, [], uses_pages=False)
    inner = make_app("inner", is_kept_by_server, [], uses_pages=False)

    @outer.get("/ask")
    def ask():
        session["seen"] = session.get("seen", 0) + 1
        request.environ["PATH_INFO"] = inner_path
        body = b"".join(inner(request.environ, lambda *_answer: None))
        if logs_out:
            session.pop("user")
        return body

    browser = Client(in_turn(outer, inner))
    browser.get("/outer/in")
    browser.get("/inner/in")
    before = browser.get("/outer/key").text

    browser.get("/ask")

    assert before
    assert (browser.get("/outer/key").text == before) is not logs_out


@pytest.mark.parametrize("copies", [True, False])
@pytest.mark.parametrize("inner_path", ["/shop/key", "/shop/page", "/shop/in"])
@pytest.mark.parametrize("logs_out", [True, False])
def test_view_that_asks_its_own_app_is_a_request_of_its_own(copies, inner_path, logs_out):
    """A view answers by another view of its app, which it asks with its own environ, or with a
    copy. A log-out of its own ends the session, and nothing else does."""
    app = make_app("shop", False, [], uses_pages=False)

    @app.get("/ask")
    def ask():
        session["seen"] = session.get("seen", 0) + 1
        if logs_out:
            session.pop("user")
        environ = dict(request.environ) if copies else request.environ
        environ["PATH_INFO"] = inner_path
        return b"".join(app(environ, lambda *_answer: None))

    browser = Client(app)
    browser.get("/shop/in")
    before = browser.get("/shop/key").text

    assert browser.get("/ask").status_code == 200
    assert before
    assert (browser.get("/shop/key").text == before) is not logs_out


def test_app_that_is_asked_again_forgets_what_it_noted_before():
    """A middleware asks an app again whose database was busy at first, with the same environ. The
    log-out that succeeds then ends the session."""
    app, failed = make_app("shop", False, [], uses_pages=True), []

    @app.get("/busy")
    def log_out_of_a_busy_shop():
        if not failed:
            failed.append(True)
            abort(503)
        session.pop("user")
        return ""

    browser = Client(in_turn(app, app, "503"))
    browser.get("/shop/in")
    before = browser.get("/shop/key").text

    assert browser.get("/busy").status_code == 200
    assert browser.get("/shop/key").text not in ("", before)
