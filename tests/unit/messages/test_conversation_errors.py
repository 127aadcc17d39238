"""What becomes of a message whose handler, or whose app, raises."""

from __future__ import annotations

import logging

import pytest
from flask import Response, abort, session
from flask.signals import got_request_exception

from ..conversations import answer


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
    # Flask's own line, where Flask does not raise the error again.
    is_flasks = error is ValueError and not settings
    assert (errors[1].getMessage() == "Exception on the message 'fail'") is not is_flasks
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


def test_change_of_a_message_whose_body_fails_reaches_the_browser(app, browser):
    """The view had done its work: a log-in whose page breaks off is a log-in."""

    @app.post("/log-in")
    def log_in():
        session["user"] = 42
        return Response((1 / 0 for _ in "x"), headers={"Content-Length": "1"})

    reply = browser.open_socket().call("/log-in", method="post")
    browser.take_over()

    assert (reply["status"], reply["session"]) == (500, True)
    assert browser.session() == {"user": 42}
