"""Messages whose handler, or whose app, raises an error."""

from __future__ import annotations

import logging

import pytest
from flask import Response, abort, session
from flask.signals import got_request_exception

from ..conversations import answer


@pytest.mark.parametrize("is_debug", [True, False])
def test_unknown_action_is_answered_404_and_lists_those_there_are_in_debug(app, browser, is_debug):
    """A message names an unknown action. In debug mode the reply lists the existing actions,
    otherwise not."""
    app.debug = is_debug
    reply = browser.open_socket({"do": lambda message: ""}).say("doo")

    assert reply["status"] == 404
    assert "'doo'" in reply["body"]
    assert ("call-route, do, ping" in reply["body"]) is is_debug


@pytest.mark.parametrize("settings", [{}, {"TESTING": True}, {"PROPAGATE_EXCEPTIONS": True}])
@pytest.mark.parametrize("error", [ValueError, SystemExit, KeyboardInterrupt])
def test_handler_that_raises_is_logged_and_answered_500(app, browser, caplog, settings, error):
    """A handler raises. The log has one error, with the traceback, beside a line that names the
    handler; the reply is 500, and the next message works."""
    app.config.update(settings)

    def fail(message):
        raise error("oh")

    socket = browser.open_socket({"fail": fail, "do": lambda message: "yes"})
    reply = socket.say("fail")

    assert reply["status"] == 500
    errors = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert [record.exc_info[0] for record in errors] == [error]
    assert f"The handler of 'fail' failed: {error('oh')!r}" in caplog.messages
    # Flask logs this line where it does not raise the error again.
    is_flasks = error is ValueError and not settings
    assert (errors[0].getMessage() == "Exception on the message 'fail'") is not is_flasks
    assert socket.say("do")["body"] == "yes"


def test_handler_that_raises_is_answered_by_the_apps_error_handlers(app, browser):
    """The app's error handler makes the reply."""
    app.register_error_handler(LookupError, lambda error: ({"why": str(error)}, 418))

    def fail(message):
        raise LookupError("gone")

    reply = answer(browser, fail)

    assert (reply["status"], reply["body"]) == (418, {"why": "gone"})


def test_path_whose_view_exits_is_logged_on_one_line(app, browser, caplog):
    """A view with a time limit of its own, as gevent's, exits without an error. Somebody calls it
    by a path that would begin a line of the log, and clear the screen that shows it."""

    @app.get("/slow/<name>")
    def exit_view(name):
        raise SystemExit

    assert browser.open_socket().call("/slow/%0AERROR%1B[2J")["status"] == 500

    [line] = [one.getMessage() for one in caplog.records if one.levelno == logging.ERROR]
    assert line == r"Exception on '/slow/\nERROR\x1b[2J' [GET]"


def test_handler_that_raises_what_was_sent_adds_little_of_it_to_the_log(browser, caplog):
    """A handler looks something up by what a client has sent, which is large. The line that names
    the handler is short."""
    answer(browser, lambda message: {}[message], data="x" * 200_000)

    [line] = [one for one in caplog.messages if one.startswith("The handler of")]
    assert line.startswith("The handler of 'do' failed: KeyError('xxx")
    assert len(line) < 300


def test_handler_may_abort(browser):
    """abort() in a handler gives the reply its status."""
    reply = answer(browser, lambda message: abort(403, "not you"))

    assert reply["status"] == 403
    assert "not you" in reply["body"]


@pytest.mark.parametrize("propagate", [True, False])
def test_trapped_http_exceptions_keep_their_status_where_they_are_raised_again(
    app, browser, caplog, propagate
):
    """TRAP_HTTP_EXCEPTIONS logs the traceback, and the reply still has the status."""
    app.config.update(TRAP_HTTP_EXCEPTIONS=True, PROPAGATE_EXCEPTIONS=propagate)

    reply = answer(browser, lambda message: abort(403))

    assert reply["status"] == (403 if propagate else 500)
    assert any(record.exc_info for record in caplog.records)


def test_handler_that_raises_is_signalled_and_torn_down_with_its_error(app, browser):
    """got_request_exception is sent for a handler's error, and teardown functions receive the
    error."""
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
    """An error in a before_request function is answered like one in the handler."""
    app.before_request(lambda: 1 / 0)

    assert answer(browser, lambda message: "")["status"] == 500


def test_teardown_that_raises_is_answered_500(app, browser, caplog):
    """An error in a teardown function is logged with its traceback and answered."""
    app.teardown_request(lambda error: 1 / 0)

    assert answer(browser, lambda message: "")["status"] == 500
    assert any(record.exc_info for record in caplog.records)


def test_handler_that_returns_no_response_is_answered_500(browser):
    """A handler returns what no view may return."""
    assert answer(browser, lambda message: object())["status"] == 500


def test_change_of_a_message_whose_body_fails_reaches_the_browser(app, browser):
    """A view logs in, and its body fails while it is read. The log-in reaches the browser all the
    same."""

    @app.post("/log-in")
    def log_in():
        session["user"] = 42
        return Response((1 / 0 for _ in "x"), headers={"Content-Length": "1"})

    reply = browser.open_socket().call("/log-in", method="post")
    browser.take_over()

    assert (reply["status"], bool(reply["session"])) == (500, True)
    assert browser.session() == {"user": 42}
