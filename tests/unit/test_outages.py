"""Requests that are cut short because the registry is unavailable."""

import logging

import pytest
from flask import Blueprint, Flask, got_request_exception
from werkzeug.exceptions import HTTPException

from flask_realtime import Realtime, RegistryUnavailable
from flask_realtime.registries.memory.registry import MemoryRegistry

from .conversations import CONNECTION_ID
from .warned import assert_few_lines_tell_of


class Away(MemoryRegistry):
    """A registry that takes nothing."""

    def publish(self, *_):
        raise RegistryUnavailable("Redis at redis://there is away.", "a push id")

    def subscribe(self, *_):
        raise RegistryUnavailable("Redis at redis://there is away.")


@pytest.fixture
def realtime():
    return Realtime()


@pytest.fixture
def app():
    """An app that is neither debugged nor tested; its views are at ``/push`` and ``/wrong``."""
    app = Flask(__name__)
    app.config.update(SECRET_KEY="secret", REALTIME_REGISTRY=Away, PROPAGATE_EXCEPTIONS=False)
    return app


@pytest.fixture
def ask(app, realtime):
    """A function that requests a path of the app, to which the extension is added first."""
    part = Blueprint("part", __name__)

    @part.post("/push")
    @app.post("/push")
    def push():
        realtime.push("hi", "room")
        return "pushed"

    @app.post("/wrong")
    def be_wrong():
        raise ConnectionError("the app's own fault")

    @app.post("/join")
    def join():
        realtime.socket.subscribe("room")
        return "joined"

    @app.get("/")
    def show():
        return "<body>hi</body>"

    app.part = part

    def ask(path):
        if "realtime" not in app.extensions:
            realtime.init_app(app)
        if not app.blueprints:
            app.register_blueprint(part, url_prefix="/part")
        return app.test_client().post(path)

    yield ask
    app.extensions["realtime"].close()


def test_view_that_cannot_push_is_answered_503(ask, caplog):
    """A view does not catch that the registry is away. The browser is to come back, and the log has
    one line a second, however many ask: what happened, where, and that the push may be lost."""
    answers = [ask("/push") for _ in range(20)]

    assert {(one.status_code, one.headers["Retry-After"]) for one in answers} == {(503, "1")}
    # A cache in front of the app would go on showing it when Redis is back.
    assert {one.headers.get("Cache-Control") for one in answers} == {"no-store"}
    lines = [one for one in caplog.records if one.levelno >= logging.WARNING]
    assert "Traceback" not in caplog.text
    assert "push is cut short" in lines[0].getMessage()
    assert "redis://there is away" in lines[0].getMessage()
    assert "may be lost" in lines[0].getMessage()
    assert_few_lines_tell_of(20, caplog)


def test_page_that_cannot_be_subscribed_behind_its_view_is_told_to_come_back(ask, app, caplog):
    """An open page asks to hear a channel. It is subscribed behind the view, which fails."""
    ask("/wrong")
    browser = app.test_client()
    browser.get("/")
    caplog.clear()

    answer = browser.post("/join", headers={"X-Realtime-Connection-Id": CONNECTION_ID})

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
    assert "Traceback" not in caplog.text
    assert "join is cut short" in caplog.text


def test_fault_of_the_app_is_logged_as_ever(ask, caplog):
    """Another error, even one of a kind that RegistryUnavailable is of, is the app's."""
    answer = ask("/wrong")

    assert answer.status_code == 500
    assert "Traceback" in caplog.text


@pytest.mark.parametrize("setting", ["TESTING", "DEBUG", "PROPAGATE_EXCEPTIONS"])
@pytest.mark.parametrize("path", ["/push", "/join"])
def test_error_is_raised_while_the_app_is_tested_or_debugged(app, ask, setting, path):
    """Who tests an app, or debugs it, sees the error itself."""
    app.config.update({"PROPAGATE_EXCEPTIONS": None, setting: True})
    client = app.test_client()
    with pytest.raises(ConnectionError):
        ask("/wrong")
    client.get("/")

    with pytest.raises(RegistryUnavailable):
        client.post(path, headers={"X-Realtime-Connection-Id": CONNECTION_ID})


@pytest.mark.parametrize("kind", [RegistryUnavailable, ConnectionError, OSError, Exception])
@pytest.mark.parametrize("when", ["before", "behind"])
def test_error_handler_of_the_app_has_the_first_word(app, ask, realtime, kind, when):
    """The app handles the error, or all errors, whether it says so before or behind init_app."""
    if when == "behind":
        realtime.init_app(app)
    app.register_error_handler(kind, lambda error: (f"handled {type(error).__name__}", 202))

    answer = ask("/push")

    assert (answer.status_code, answer.text) == (202, "handled RegistryUnavailable")


def test_error_handler_of_a_blueprint_has_the_first_word(app, ask):
    """A blueprint handles all errors of its views."""
    app.part.register_error_handler(Exception, lambda error: ("handled", 202))

    assert ask("/part/push").status_code == 202
    assert ask("/push").status_code == 503


@pytest.mark.parametrize("kind", [503, HTTPException])
def test_page_of_the_app_for_a_503_is_shown(app, ask, kind):
    """The app has a page of its own for 503, or one for all errors of HTTP."""
    app.register_error_handler(kind, lambda error: (f"our page for {error.code}", error.code))

    answer = ask("/push")

    assert (answer.status_code, answer.text) == (503, "our page for 503")


def test_page_of_the_app_for_all_failures_is_shown(app, ask, caplog):
    """The app has a page for 500 alone, which may roll back its database, and is asked as ever."""
    seen = []
    app.register_error_handler(500, lambda error: seen.append(error) or ("our page", 500))

    answer = ask("/push")

    assert (answer.status_code, answer.text) == (500, "our page")
    assert isinstance(seen[0].original_exception, RegistryUnavailable)
    assert "Traceback" in caplog.text


def test_error_trackers_are_told(app, ask):
    """What listens to Flask's signal for failed requests hears of the error."""
    heard = []

    def listen(_sender, exception, **_):
        heard.append(exception)

    got_request_exception.connect(listen, app)

    ask("/push")

    assert [type(one) for one in heard] == [RegistryUnavailable]


def test_no_cache_keeps_the_answer_to_who_names_a_page(app, ask, realtime):
    """An app lets caches keep its pages, and its page for errors. A request that names an open page
    is answered 503; a cache that kept this answer would give it to all others."""

    @app.get("/news")
    def show_news():
        realtime.socket.subscribe("news")
        return "<body>news</body>"

    def page(error):
        return "our page", 503, {"Cache-Control": "public", "CDN-Cache-Control": "max-age=60"}

    app.register_error_handler(503, page)
    ask("/push")
    client = app.test_client()
    client.get("/")

    answer = client.get("/news", headers={"X-Realtime-Connection-Id": CONNECTION_ID})

    assert (answer.status_code, answer.text) == (503, "our page")
    assert answer.headers["Cache-Control"] == "no-store"
    assert "CDN-Cache-Control" not in answer.headers
