"""Runs the app for one message, as ``Flask.wsgi_app`` does, and returns the response."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from flask import Flask, Response, got_request_exception
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import BadRequest, HTTPException
from werkzeug.routing import Rule
from werkzeug.routing.exceptions import WebsocketMismatch

from ..flask_contexts import present_app, present_request
from ..identity.keys import is_anothers, session_of
from ..page.client import (
    SOCKET_IN_ENVIRON,
    SocketOfMessage,
    known_socket_key,
    present_identity,
)
from ..page.csrf import exempt_from_csrf
from ..page.secret_keys import names_of_key, secret_keys
from ..page.sessions import open_no_session
from ..threads.rare_warnings import RareWarnings
from .call_rules import CallRefused
from .memory_budget import NotWanted
from .request_cycle import RequestCycle

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

logger = logging.getLogger(__name__)
warnings = RareWarnings(logger)

#: The endpoint of hooks. A handler's endpoint is this, a dot, and the action.
ENDPOINT = "realtime.message"

#: The key in a message's environ under which a function stands that is called with the response
#: while the message's request context is still there.
AFTER_RESPONSE = "flask_realtime.after_response"
_HANDLER = "flask_realtime.handler"


def dispatch_route(
    app: Flask,
    environ: WSGIEnvironment,
    check: Callable[[Callable[[], object]], None],
    finds_by_code: bool,
) -> Response:
    """Return the app's response to the request that *environ* describes.

    :param app: the app.
    :param environ: the WSGI environ of the request.
    :param check: called in the request's context before any function of the app runs, and given a
        function that opens the session.
    :param finds_by_code: whether code of the app, which may read the session, finds the route.
    :raises CallRefused: if *check* raises it.
    :raises NotWanted: if *check* raises it. Any other exception becomes a response.
    """

    def dispatch(cycle: RequestCycle) -> Response:
        check(cycle.open_session)
        request = present_request()
        if isinstance(request.routing_exception, WebsocketMismatch):
            request.routing_exception = BadRequest("This path takes WebSockets only.")
        return cycle.dispatch()

    return _in_context(app, environ, dispatch, opens_session=finds_by_code)


def dispatch_handler(
    app: Flask,
    environ: WSGIEnvironment,
    path: str,
    action: str,
    handler: Callable[[], Any],
    check: Callable[[], None],
) -> Response:
    """Run *handler* as a view, and return its response.

    :param app: the app.
    :param environ: the WSGI environ of the request.
    :param path: the path at which the app's sockets connect.
    :param action: the action of the message. The request's endpoint is
        ``realtime.message.<action>``, so that tools that count requests by endpoint tell handlers
        apart.
    :param handler: called without arguments; returns what a view may return, or None.
    :param check: called in the request's context before any function of the app runs.
    :raises NotWanted: if *check* raises it. Any other exception becomes a response.
    """

    def dispatch(cycle: RequestCycle) -> Response:
        check()
        _route_to_message(app, path, f"{ENDPOINT}.{action}")
        return cycle.dispatch()

    environ[_HANDLER] = handler
    return _in_context(app, environ, dispatch, finds_route=False)


def dispatch_hook(
    app: Flask, environ: WSGIEnvironment, path: str, hook: Callable[[], Any]
) -> Response:
    """Run *hook* in a request context like a handler's; return an empty response.

    ``before_request`` functions run before the hook, but cannot keep it from running, neither by
    an answer nor by an error: a leave hook has to undo what the join hook of the same socket did.
    These functions could refuse the socket's handshake.

    Where the server keeps the session, it may be another user's by now, who has logged in with the
    same browser. The hook finds a stranger then: it is not that user who leaves.

    :param app: the app.
    :param environ: the WSGI environ of the request.
    :param path: the path at which the app's sockets connect.
    :param hook: called without arguments; what it returns is ignored.
    """

    def dispatch(cycle: RequestCycle) -> Response:
        _route_to_message(app, path, ENDPOINT)
        if _is_anothers_session():
            open_no_session()
        _preprocess(cycle)
        hook()
        return cycle.finalize(("", 204))

    return _in_context(app, environ, dispatch, finds_route=False)


def add_message_view(app: Flask) -> None:
    """Register the view of the app's handlers: extensions look up the view of each request."""
    app.view_functions[ENDPOINT] = run_handler


def run_handler() -> ResponseReturnValue:
    """The view that runs every handler of the app; one that returns None is answered with 204."""
    result: ResponseReturnValue | None = present_request().environ[_HANDLER]()
    return ("", 204) if result is None else result


def _preprocess(cycle: RequestCycle) -> None:
    """Run the ``before_request`` functions before a hook, which runs whatever they do."""
    try:
        cycle.preprocess()
    except HTTPException:
        # The function refuses the request, for example by abort().
        pass
    except BaseException as error:
        logger.exception(
            "A before_request function failed. The functions of on_join or on_leave run all the "
            "same."
        )
        if isinstance(error, Exception):
            _tell_trackers(error)


def _tell_trackers(error: Exception) -> None:
    """Send the signal that Flask sends for an error that answers a request; never raise."""
    app = present_app()
    try:
        got_request_exception.send(app, _async_wrapper=app.ensure_sync, exception=error)
    except BaseException:
        logger.exception("A function that listens to got_request_exception failed.")


def _is_anothers_session() -> bool:
    """Return whether the session belongs to another user by now than the socket's page."""
    socket: SocketOfMessage | None = present_request().environ.get(SOCKET_IN_ENVIRON)
    key = known_socket_key()
    if socket is None or session_of(socket.digest) in names_of_key(key):
        return False
    identity = present_identity()
    return identity is not None and is_anothers(socket.connection_id, secret_keys(), identity)


def _in_context(
    app: Flask,
    environ: WSGIEnvironment,
    dispatch: Callable[[RequestCycle], Response],
    finds_route: bool = True,
    opens_session: bool = True,
) -> Response:
    cycle = RequestCycle(app, environ)
    error: BaseException | None = None
    is_begun = True
    try:
        try:
            cycle.push(finds_route, opens_session)
            response = dispatch(cycle)
        except (CallRefused, NotWanted):
            is_begun = False
            raise
        except BaseException as raised:
            # SystemExit, gevent's Timeout and GreenletExit are caught too: here they would end the
            # socket, while in a request by HTTP they end the thread of this request only.
            error = raised
            response = _handle(app, cycle, raised)
        _note_response(environ, response)
        return response
    finally:
        try:
            if is_begun:
                cycle.pop(error)
            else:
                _pop_unbegun(cycle)
        finally:
            # It holds this frame, and with it the socket: only the collector frees circles.
            error = None


def _note_response(environ: WSGIEnvironment, response: Response) -> None:
    """Call the function that is to be called with the response; an error closes the response.

    What follows a response as it is closed, such as the end of the session's other sockets, must
    not be left out.
    """
    after_response: Callable[[Response], None] | None = environ.get(AFTER_RESPONSE)
    if after_response is None:
        return
    try:
        after_response(response)
    except BaseException:
        response.close()
        raise


def _pop_unbegun(cycle: RequestCycle) -> None:
    """End a request before which no function of the app ran; never raise.

    The teardown functions run all the same, since to open the session may have taken a connection
    that they give back. But one may count on what a ``before_request`` function does. One that
    reads the session finds the visitor's.
    """
    cycle.offer_session()
    try:
        cycle.pop(None)
    except BaseException as failed:
        warnings.warn(
            "teardown",
            f"A teardown function failed: {failed!r}. It ran for a message that was not handled, "
            f"before which no before_request function ran.",
        )


def _handle(app: Flask, cycle: RequestCycle, error: BaseException) -> Response:
    request = present_request()
    # The path with its control characters escaped: by HTTP a server would escape them.
    endpoint, where = request.endpoint or "", f"{request.path!r} [{request.method}]"
    if endpoint.startswith(f"{ENDPOINT}."):
        action = endpoint[len(ENDPOINT) + 1 :]
        where = f"the message {action!r}"
        # The line that Flask logs with the traceback names the socket's path, but no handler. That
        # is the error: trackers such as Sentry would count one more for each line of that level.
        # A KeyError, say, may hold all that the client has sent.
        logger.warning("The handler of %r failed: %.200r", action, error)
    if isinstance(error, Exception):
        try:
            return cycle.handle(error)
        except BaseException as raised:
            # In debug mode and in tests Flask raises the error again, so that the server shows it.
            return _failed(app, where, raised)
    return _failed(app, where, error)


def _failed(app: Flask, where: str, error: BaseException) -> Response:
    logger.error("Exception on %s", where, exc_info=error)
    if isinstance(error, HTTPException):
        return app.make_response(error)
    return app.response_class("The server failed on this message.", 500, mimetype="text/plain")


def _route_to_message(app: Flask, path: str, endpoint: str) -> None:
    # A message has no place for a CSRF token; the handshake's origin was checked instead.
    exempt_from_csrf(app, run_handler)
    # Extensions look up the view by the request's endpoint. The view is not the handler itself: a
    # function that is a route's view as well must not become exempt from CSRF protection.
    app.view_functions.setdefault(endpoint, run_handler)
    request = present_request()
    request.url_rule = _message_rule(path, endpoint)
    request.view_args = {}
    request.routing_exception = None


@lru_cache
def _message_rule(path: str, endpoint: str) -> Rule:
    """Return a URL rule that is not in the app's URL map, so that no request leads to it."""
    return Rule(path, endpoint=endpoint, methods=["POST"])
