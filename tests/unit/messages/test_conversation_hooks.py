"""The app's functions for sockets that join or leave."""

from __future__ import annotations

import flask
import pytest
from cachelib import SimpleCache
from flask import abort, request, session
from flask_session import Session

from flask_realtime import socket_joined, socket_left
from flask_realtime.identity.keys import new_connection_id, owned_connection_id
from flask_realtime.messages.hooks import Hooks

from .. import conversations


def test_hook_runs_in_a_context_like_a_handlers(app, browser):
    """In on_join and on_leave functions realtime.socket is the client of the socket."""
    from flask_realtime.page.client import current_client

    seen = []
    app.before_request(lambda: seen.append(request.endpoint))
    app.teardown_request(lambda error: seen.append("teardown"))

    browser.open_socket().conversation.run_hook(lambda: seen.append(current_client().digest()))

    assert seen == ["realtime.message", browser.digest, "teardown"]


def test_signal_is_sent_beside_the_hooks(app, browser):
    """The signals for sockets reach their receivers after the hooks, in the same context and with
    the app as sender. Receivers of another app are not called."""
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
    """An app without hooks makes no context for them, unless a signal has receivers."""
    hooks = Hooks(socket_left)

    with socket_left.connected_to(lambda sender: None):
        listened_to = bool(hooks)

    assert (listened_to, bool(hooks)) == (True, False)


@pytest.mark.parametrize("refuse", [lambda: ("no", 401), lambda: abort(401)])
def test_hook_runs_though_before_request_would_refuse(app, browser, refuse):
    """A visitor has logged out, so before_request would refuse. The on_leave function still
    runs."""
    ran = []
    app.before_request(refuse)

    browser.open_socket().conversation.run_hook(lambda: ran.append(True))

    assert ran == [True]


@pytest.mark.parametrize("error", [ConnectionError, SystemExit])
def test_hook_runs_though_before_request_fails(app, browser, caplog, error):
    """A before_request function asks a database that is away, or hangs, which it gives up by an
    error that is no Exception, as gevent's Timeout. The on_leave function, which undoes what the
    on_join function did, still runs, and the log has the error."""
    ran = []

    @app.before_request
    def ask_database():
        raise error

    browser.open_socket().conversation.run_hook(lambda: ran.append(True))

    assert ran == [True]
    assert [record.exc_info[0] for record in caplog.records] == [error]


def test_error_tracker_hears_of_before_request_that_fails_before_a_hook(app, browser):
    """An error tracker listens to Flask's signal of errors, as Sentry's does. It hears of a
    before_request function that fails before a hook, once."""
    told = []
    app.before_request(lambda: 1 / 0)

    with flask.got_request_exception.connected_to(
        lambda sender, exception: told.append((sender, type(exception))), app
    ):
        browser.open_socket().conversation.run_hook(lambda: None)

    assert told == [(app, ZeroDivisionError)]


def test_hook_runs_though_the_error_tracker_fails_too(app, browser, caplog):
    """A before_request function fails before a hook, and so does what the error tracker makes of
    that. The hook runs, and the log tells of both."""
    app.before_request(lambda: 1 / 0)
    ran = []

    with flask.got_request_exception.connected_to(lambda sender, exception: {}["none"], app):
        browser.open_socket().conversation.run_hook(lambda: ran.append(True))

    assert ran == [True]
    assert [record.exc_info[0] for record in caplog.records] == [ZeroDivisionError, KeyError]


def test_hook_that_raises_is_logged(app, browser, caplog):
    """A hook raises, which is logged and changes nothing else."""
    app.testing = True

    browser.open_socket().conversation.run_hook(lambda: 1 / 0)

    assert [record.exc_info[0] for record in caplog.records] == [ZeroDivisionError]


def test_hook_may_change_the_session(app, browser):
    """A hook changes the session. The change waits for the browser, and the next reply says so."""

    def hook():
        session["seen"] = True

    socket = browser.open_socket({"speak": lambda message: ""})
    socket.conversation.run_hook(hook)

    assert ["session" in socket.say("speak") for _ in range(2)] == [True, False]
    assert browser.take_over().status_code == 204
    assert browser.session() == {"seen": True}


@pytest.mark.parametrize("then, left", [("bob", None), ("ada", "ada")])
def test_hook_finds_no_user_who_has_the_session_since(app, monkeypatch, then, left):
    """The server keeps the session. If bob logs in with ada's browser, where a page of ada's is
    still open, that page does not leave as bob's, and what the hook and the functions behind it
    note is not in bob's session. If ada logs in again, the page leaves as ada's."""
    kept = SimpleCache()
    app.config.update(SESSION_TYPE="cachelib", SESSION_CACHELIB=kept)
    Session(app)

    @app.get("/as/<user>")
    def begin(user):
        session.clear()
        session["user"] = user
        return ""

    @app.after_request
    def note(response):
        if request.endpoint != "begin":
            session["note"] = len(seen)
            noted.append(session["note"])
        return response

    page = owned_connection_id(app.secret_key, new_connection_id(), "ada")
    monkeypatch.setattr(conversations, "CONNECTION_ID", page)
    browser, seen, noted = conversations.Browser(app), [], []
    browser.identify.set(lambda: session.get("user"))
    with browser.client.session_transaction() as stored:
        stored["user"] = "ada"
    socket = browser.open_socket()

    def hook():
        seen.append(session.get("user"))
        session["note"] = len(seen)

    socket.conversation.run_hook(hook)
    browser.client.get(f"/as/{then}")
    before = len(kept._cache)
    # Redis may have forgotten that the session of ada has ended.
    monkeypatch.setattr(browser.process, "has_ended", lambda *_: False)
    socket.conversation.run_hook(hook)

    assert (seen, noted) == (["ada", left], [1, 2])
    assert ("note" in browser.session()) == (left == "ada")
    assert len(kept._cache) == before
