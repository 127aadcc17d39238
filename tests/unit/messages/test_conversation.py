"""The request context of a client's message, and the reply."""

from __future__ import annotations

import threading

import pytest
from flask import g, jsonify, request, session
from flask.signals import request_finished, request_started

from flask_realtime.messages.conversation import is_socket_request
from tests.eventually import DEADLINE

from ..conversations import CONNECTION_ID, answer


@pytest.mark.parametrize("data", [{"id": 17, "action": "now"}, "text", ["a", 1], 0, None, True])
def test_handler_is_called_with_the_data(browser, data):
    """A handler gets the data that the page sent, which may be any JSON and have an id of its
    own."""
    reply = answer(browser, lambda given: jsonify(given), data=data)

    assert (reply["status"], reply["body"]) == (200, data)


def test_handler_is_called_with_the_fields_of_a_message_without_data(browser):
    """A plain client sends its fields at the top level. The handler gets them without the id and
    the action."""
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
    """A handler returns an empty list, which is sent, and not taken for None."""
    assert answer(browser, lambda message: [])["body"] == []


def test_handler_runs_behind_before_request_under_an_endpoint_of_its_own(app, browser):
    """before_request functions run for messages, and see the handler's endpoint."""
    seen = []
    app.before_request(lambda: seen.append((request.endpoint, request.method, request.path)))

    answer(browser, lambda message: request.view_args or {})

    assert seen == [("realtime.message.do", "POST", "/")]


def test_before_request_may_answer_in_place_of_a_handler(app, browser):
    """A before_request function returns a response, and the handler does not run."""
    app.before_request(lambda: ("no", 401))

    reply = answer(browser, lambda message: "yes")

    assert (reply["status"], reply["body"]) == (401, "no")


def test_after_request_sees_a_handlers_response(app, browser):
    """after_request functions run on a handler's response."""

    @app.after_request
    def add(response):
        response.headers["X-Added"] = "yes"
        return response

    assert answer(browser, lambda message: "")["headers"]["X-Added"] == "yes"


def test_handler_has_contexts_of_its_own(app, browser):
    """Each message has a new app context and request context, and both are torn down."""
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
    """A handler's context is new, whatever context its thread is in."""
    with app.test_request_context("/elsewhere"):
        g.secret = 1
        reply = answer(browser, lambda message: {"path": request.path, "g": "secret" in g})

        assert request.path == "/elsewhere"
    assert reply["body"] == {"path": "/", "g": False}


def test_conversations_do_not_mix(app, browser):
    """Two sockets are answered at the same time, each in its own context."""
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
    """An async handler is run as Flask runs async views."""

    async def handler(message):
        return {"ok": True}

    assert answer(browser, handler)["body"] == {"ok": True}


def test_signals_are_sent_as_for_any_request(app, browser):
    """Flask's request signals are sent for messages too."""
    heard = []
    started = request_started.connect(lambda sender, **_: heard.append("started"), app, weak=False)
    finished = request_finished.connect(
        lambda sender, **_: heard.append("finished"), app, weak=False
    )

    answer(browser, lambda message: "")

    request_started.disconnect(started, app)
    request_finished.disconnect(finished, app)
    assert heard == ["started", "finished"]


def test_message_is_a_socket_request(app, browser):
    """A view can tell a message from an HTTP request."""
    app.add_url_rule("/which", "which", lambda: {"socket": is_socket_request()})
    socket = browser.open_socket()

    assert socket.call("/which")["body"] == {"socket": True}
    assert browser.client.get("/which").json == {"socket": False}
    assert is_socket_request() is False


def test_message_acts_on_the_socket_it_came_by(app, browser):
    """realtime.socket in a handler is the socket of the message, which need not name its page."""
    from flask_realtime.page.client import current_client

    def handler(message):
        return [current_client().connection_id(), current_client().digest()]

    body = answer(browser, handler)["body"]

    assert body == [CONNECTION_ID, browser.digest]


def test_message_acts_on_its_socket_after_the_session_is_cleared(app, browser):
    """A handler clears the session at a log-out. realtime.socket is still the client of the
    socket."""
    from flask_realtime.page.client import current_client

    def log_out(message):
        session.clear()
        return current_client().digest()

    socket = browser.open_socket(
        {"out": log_out, "which": lambda message: current_client().digest()}
    )

    assert socket.say("out")["body"] == browser.digest
    assert socket.say("which")["body"] == browser.digest
