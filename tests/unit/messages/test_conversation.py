"""A client message's context, and the reply that comes of it."""

from __future__ import annotations

import logging
import threading

import flask
import pytest
from flask import abort, g, jsonify, request, session
from flask.signals import got_request_exception, request_finished, request_started

from flask_realtime import socket_joined, socket_left
from flask_realtime.messages.conversation import is_socket_request
from flask_realtime.messages.hooks import Hooks
from tests.eventually import DEADLINE

from ..conversations import CONNECTION_ID, Browser, add_session_views


@pytest.fixture
def app():
    app = flask.Flask(__name__)
    app.secret_key = "secret"
    add_session_views(app)
    return app


@pytest.fixture
def browser(app):
    return Browser(app)


def answer(browser, handler, **data):
    """The reply of a socket whose only handler is *handler*."""
    return browser.open_socket({"do": handler}).say("do", **data)


@pytest.mark.parametrize("data", [{"id": 17, "action": "now"}, "text", ["a", 1], 0, None, True])
def test_handler_is_called_with_the_data(browser, data):
    """A handler gets what the page sent, an id of its own too, and whatever JSON it is."""
    reply = answer(browser, lambda given: jsonify(given), data=data)

    assert (reply["status"], reply["body"]) == (200, data)


def test_handler_is_called_with_the_fields_of_a_message_without_data(browser):
    """A plain client's fields stand beside the id and the action, which are not the app's."""
    reply = answer(browser, lambda message: message, words=["hi"])

    assert (reply["status"], reply["body"]) == (200, {"words": ["hi"]})


@pytest.mark.parametrize(
    ("returned", "status", "body"),
    [
        ("text", 200, "text"),
        ({"a": 1}, 200, {"a": 1}),
        ([1, 2], 200, [1, 2]),
        (("made", 201), 201, "made"),
        (("made", 201, {"X-A": "b"}), 201, "made"),
        (None, 204, ""),
        ("", 200, ""),
        (b"bytes", 200, "bytes"),
    ],
)
def test_handler_returns_what_a_view_may_return(browser, returned, status, body):
    """A handler's result becomes a response as a view's does; None means no content."""
    reply = answer(browser, lambda message: returned)

    assert (reply["status"], reply["body"]) == (status, body)


def test_handler_that_returns_a_false_value_of_its_own_is_heard(browser):
    """An empty list is a result, and not taken for None."""
    assert answer(browser, lambda message: [])["body"] == []


def test_handler_runs_behind_before_request_under_an_endpoint_of_its_own(app, browser):
    """An app's checks apply to messages too, and can tell them by their endpoint."""
    seen = []
    app.before_request(lambda: seen.append((request.endpoint, request.method, request.path)))

    answer(browser, lambda message: request.view_args or {})

    assert seen == [("realtime.message.do", "POST", "/")]


def test_before_request_may_answer_in_place_of_a_handler(app, browser):
    """An app that turns a request away turns the message away."""
    app.before_request(lambda: ("no", 401))

    reply = answer(browser, lambda message: "yes")

    assert (reply["status"], reply["body"]) == (401, "no")


def test_after_request_sees_a_handlers_response(app, browser):
    """What an app adds to every response it adds to replies."""

    @app.after_request
    def add(response):
        response.headers["X-Added"] = "yes"
        return response

    assert answer(browser, lambda message: "")["headers"]["X-Added"] == "yes"


def test_handler_has_contexts_of_its_own(app, browser):
    """g is empty at each message, and each is torn down, app and request."""
    ended = []
    app.teardown_request(lambda error: ended.append("request"))
    app.teardown_appcontext(lambda error: ended.append("app"))

    def handler(message):
        g.count = g.get("count", 0) + 1
        return {"count": g.count}

    socket = browser.open_socket({"do": handler})
    replies = [socket.say("do") for _ in range(2)]

    assert [reply["body"]["count"] for reply in replies] == [1, 1]
    assert ended == ["request", "app"] * 2


def test_handler_does_not_see_the_context_it_is_called_from(app, browser):
    """A message is handled in a context of its own, whatever its thread is in."""
    with app.test_request_context("/elsewhere"):
        g.secret = 1
        reply = answer(browser, lambda message: {"path": request.path, "g": "secret" in g})

        assert request.path == "/elsewhere"
    assert reply["body"] == {"path": "/", "g": False}


def test_conversations_do_not_mix(app, browser):
    """Two sockets may be answered at the same moment."""
    both_in = threading.Barrier(2, timeout=DEADLINE)

    def handler(message):
        g.name = message["name"]
        both_in.wait()
        return {"g": g.name}

    replies = {}

    def run(name):
        replies[name] = browser.open_socket({"do": handler}).say("do", name=name)

    threads = [threading.Thread(target=run, args=(name,)) for name in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(DEADLINE)

    assert {name: reply["body"]["g"] for name, reply in replies.items()} == {"a": "a", "b": "b"}


def test_handler_may_be_async(browser):
    """An async function is run as Flask runs async views."""

    async def handler(message):
        return {"ok": True}

    assert answer(browser, handler)["body"] == {"ok": True}


def test_signals_are_sent_as_for_any_request(app, browser):
    """What listens to Flask's signals, a tracer say, sees messages."""
    heard = []
    started = request_started.connect(lambda sender, **_: heard.append("started"), app, weak=False)
    finished = request_finished.connect(
        lambda sender, **_: heard.append("finished"), app, weak=False
    )

    answer(browser, lambda message: "")

    request_started.disconnect(started, app)
    request_finished.disconnect(finished, app)
    assert heard == ["started", "finished"]


@pytest.mark.parametrize("is_debug", [True, False])
def test_unknown_action_is_answered_404_and_lists_those_there_are_in_debug(app, browser, is_debug):
    """A developer who errs in the name of a handler is told so; a visitor gets no list."""
    app.debug = is_debug
    reply = browser.open_socket({"do": lambda message: ""}).say("doo")

    assert reply["status"] == 404
    assert "'doo'" in reply["body"]
    assert ("call-route, do, ping" in reply["body"]) is is_debug


@pytest.mark.parametrize("settings", [{}, {"TESTING": True}, {"PROPAGATE_EXCEPTIONS": True}])
@pytest.mark.parametrize("error", [ValueError, SystemExit, KeyboardInterrupt])
def test_handler_that_raises_is_logged_and_answered_500(app, browser, caplog, settings, error):
    """No error of a handler's goes without a traceback and an answer, and the next works."""
    app.config.update(settings)

    def fail(message):
        raise error("oh")

    socket = browser.open_socket({"fail": fail, "do": lambda message: "yes"})
    reply = socket.say("fail")

    assert reply["status"] == 500
    errors = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert [record.exc_info[0] for record in errors if record.exc_info] == [error]
    assert errors[0].getMessage() == f"The handler of 'fail' failed: {error('oh')!r}"
    assert socket.say("do")["body"] == "yes"


def test_handler_that_raises_is_answered_by_the_apps_error_handlers(app, browser):
    """An app's own page for an error is the answer."""
    app.register_error_handler(LookupError, lambda error: ({"why": str(error)}, 418))

    def fail(message):
        raise LookupError("gone")

    reply = answer(browser, fail)

    assert (reply["status"], reply["body"]) == (418, {"why": "gone"})


def test_handler_may_abort(browser):
    """abort() in a handler gives its status."""
    reply = answer(browser, lambda message: abort(403, "not you"))

    assert reply["status"] == 403
    assert "not you" in reply["body"]


@pytest.mark.parametrize("propagate", [True, False])
def test_trapped_http_exceptions_keep_their_status_where_they_are_raised_again(
    app, browser, caplog, propagate
):
    """TRAP_HTTP_EXCEPTIONS logs the traceback it is there for, and the client gets an answer."""
    app.config.update(TRAP_HTTP_EXCEPTIONS=True, PROPAGATE_EXCEPTIONS=propagate)

    reply = answer(browser, lambda message: abort(403))

    assert reply["status"] == (403 if propagate else 500)
    assert any(record.exc_info for record in caplog.records)


def test_handler_that_raises_is_signalled_and_torn_down_with_its_error(app, browser):
    """What listens for exceptions, Sentry say, hears of a handler's; teardowns get it too."""
    heard, torn = [], []
    receiver = got_request_exception.connect(
        lambda sender, exception, **_: heard.append(exception), app, weak=False
    )
    app.teardown_request(torn.append)
    error = ValueError("oh")

    def fail(message):
        raise error

    answer(browser, fail)

    got_request_exception.disconnect(receiver, app)
    assert heard == [error]
    assert torn == [error]


def test_before_request_that_raises_is_answered_500(app, browser):
    """A failure around the handler is the same as one in it."""
    app.before_request(lambda: 1 / 0)

    assert answer(browser, lambda message: "")["status"] == 500


def test_teardown_that_raises_is_answered_500(app, browser, caplog):
    """Even what fails after the response gets an answer and a traceback."""
    app.teardown_request(lambda error: 1 / 0)

    assert answer(browser, lambda message: "")["status"] == 500
    assert any(record.exc_info for record in caplog.records)


def test_handler_that_returns_no_response_is_answered_500(browser):
    """What a view may not return, a handler may not return."""
    assert answer(browser, lambda message: object())["status"] == 500


def test_message_is_a_socket_request(app, browser):
    """A view can tell a message from a request of HTTP's."""
    app.add_url_rule("/which", "which", lambda: {"socket": is_socket_request()})
    socket = browser.open_socket()

    assert socket.call("/which")["body"] == {"socket": True}
    assert browser.client.get("/which").json == {"socket": False}
    assert is_socket_request() is False


def test_message_acts_on_the_socket_it_came_by(app, browser):
    """The connection id of a message is its socket's, without being named."""
    from flask_realtime.page.client import current_client

    def handler(message):
        return [current_client().connection_id(), current_client().digest()]

    body = answer(browser, handler)["body"]

    assert body == [CONNECTION_ID, browser.digest]


def test_message_acts_on_its_socket_after_the_session_is_cleared(app, browser):
    """A log-out over a socket leaves the socket its own client."""
    from flask_realtime.page.client import current_client

    def log_out(message):
        session.clear()
        return current_client().digest()

    socket = browser.open_socket(
        {"out": log_out, "which": lambda message: current_client().digest()}
    )

    assert socket.say("out")["body"] == browser.digest
    assert socket.say("which")["body"] == browser.digest


def test_hook_runs_in_a_context_like_a_handlers(app, browser):
    """What joins or leaves a socket does so as its client."""
    from flask_realtime.page.client import current_client

    seen = []
    app.before_request(lambda: seen.append(request.endpoint))
    app.teardown_request(lambda error: seen.append("teardown"))

    browser.open_socket().conversation.run_hook(lambda: seen.append(current_client().digest()))

    assert seen == ["realtime.message", browser.digest, "teardown"]


def test_signal_is_sent_beside_the_hooks(app, browser):
    """Blinker's receivers, which need no Realtime object, hear of a socket with the app as sender,
    behind the hooks and in their context; those of another app do not."""
    seen = []
    hooks = Hooks(socket_joined)
    hooks.add(lambda: seen.append("hook"))

    with (
        socket_joined.connected_to(lambda sender: seen.append((sender, request.endpoint)), app),
        socket_joined.connected_to(lambda sender: seen.append("other"), flask.Flask("other")),
    ):
        browser.open_socket().conversation.run_hook(hooks)

    assert seen == ["hook", (app, "realtime.message")]


def test_hooks_are_run_where_only_a_signal_has_receivers():
    """A socket whose app has no hooks is spared their context, unless someone listens."""
    hooks = Hooks(socket_left)

    with socket_left.connected_to(lambda sender: None):
        listened_to = bool(hooks)

    assert (listened_to, bool(hooks)) == (True, False)


@pytest.mark.parametrize("refuse", [lambda: ("no", 401), lambda: abort(401)])
def test_hook_runs_though_before_request_would_refuse(app, browser, refuse):
    """One who has logged out leaves all the same."""
    ran = []
    app.before_request(refuse)

    browser.open_socket().conversation.run_hook(lambda: ran.append(True))

    assert ran == [True]


def test_hook_that_raises_is_logged(app, browser, caplog):
    """A failing hook is seen in the log, and by nobody else."""
    app.testing = True

    browser.open_socket().conversation.run_hook(lambda: 1 / 0)

    assert [record.exc_info[0] for record in caplog.records] == [ZeroDivisionError]


def test_hook_may_change_the_session(app, browser):
    """What a hook notes in the session waits for the browser, and the next reply says so."""

    def hook():
        session["seen"] = True

    socket = browser.open_socket({"speak": lambda message: ""})
    socket.conversation.run_hook(hook)

    assert [socket.say("speak").get("session") for _ in range(2)] == [True, None]
    assert browser.take_over().status_code == 204
    assert browser.session() == {"seen": True}
