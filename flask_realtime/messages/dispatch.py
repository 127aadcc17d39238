"""Runs the app on one message, as ``Flask.wsgi_app`` does, but for sending the response."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from flask import Flask, Response, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import BadRequest, HTTPException
from werkzeug.routing import Rule
from werkzeug.routing.exceptions import WebsocketMismatch

from ..page.csrf import exempt_from_csrf
from .call_rules import CallRefused
from .request_cycle import RequestCycle

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

logger = logging.getLogger(__name__)

#: The endpoint of hooks. A handler's endpoint has a dot and the action behind it.
ENDPOINT = "realtime.message"

#: The key in a message's environ of a function that is called with the response, within the
#: message's contexts.
BEHIND = "flask_realtime.behind"
_WORK = "flask_realtime.work"


def dispatch_route(app: Flask, environ: WSGIEnvironment, check: Callable[[], None]) -> Response:
    """Return the app's response to the request that *environ* describes.

    :param check: is called in the request's context before anything of the app runs.
    :raises CallRefused: if *check* does.
    """

    def dispatch(cycle: RequestCycle) -> Response:
        check()
        if isinstance(request.routing_exception, WebsocketMismatch):
            request.routing_exception = BadRequest("This path takes WebSockets only.")
        return cycle.dispatch()

    return _in_context(app, environ, dispatch)


def dispatch_handler(
    app: Flask, environ: WSGIEnvironment, path: str, action: str, handler: Callable[[], Any]
) -> Response:
    """Return what *handler* returns, as the response of a view.

    :param path: where the app's sockets connect.
    :param action: of the message. The view's endpoint is ``realtime.message.<action>``: what
        counts requests, or looks at their endpoints, tells the handlers apart.
    """

    def dispatch(cycle: RequestCycle) -> Response:
        _route_to_message(app, path, f"{ENDPOINT}.{action}")
        return cycle.dispatch()

    environ[_WORK] = handler
    return _in_context(app, environ, dispatch)


def dispatch_hook(
    app: Flask, environ: WSGIEnvironment, path: str, hook: Callable[[], Any]
) -> Response:
    """Run *hook* in a request context like a handler's; return an empty response.

    ``before_request`` functions run before the hook, but cannot refuse it. They could refuse the
    handshake; and what one hook did when the socket opened, another has to undo after its end.
    """

    def dispatch(cycle: RequestCycle) -> Response:
        _route_to_message(app, path, ENDPOINT)
        with suppress(HTTPException):
            cycle.preprocess()
        hook()
        return cycle.finalize(("", 204))

    return _in_context(app, environ, dispatch)


def add_message_view(app: Flask) -> None:
    """Register the view of custom handlers, since extensions look up the view of a request."""
    app.view_functions[ENDPOINT] = run_handler


def run_handler() -> ResponseReturnValue:
    """The view of all custom handlers. A handler that returns None is answered with 204."""
    result: ResponseReturnValue | None = request.environ[_WORK]()
    return ("", 204) if result is None else result


def _in_context(
    app: Flask, environ: WSGIEnvironment, dispatch: Callable[[RequestCycle], Response]
) -> Response:
    cycle = RequestCycle(app, environ)
    error: BaseException | None = None
    try:
        try:
            cycle.push()
            response = dispatch(cycle)
        except CallRefused:
            raise
        except BaseException as raised:
            # SystemExit, gevent's Timeout and GreenletExit too: by HTTP they would end the thread
            # of one request, here the socket.
            error = raised
            response = _handle(app, cycle, raised)
        behind: Callable[[Response], None] | None = environ.get(BEHIND)
        if behind is not None:
            behind(response)
        return response
    finally:
        cycle.pop(error)


def _handle(app: Flask, cycle: RequestCycle, error: BaseException) -> Response:
    endpoint, where = request.endpoint or "", f"{request.path} [{request.method}]"
    if endpoint.startswith(f"{ENDPOINT}."):
        action = endpoint[len(ENDPOINT) + 1 :]
        where = f"the message {action!r}"
        # Flask's own line, with the traceback, names the path of the socket and no handler.
        logger.error("The handler of %r failed: %r", action, error)
    if isinstance(error, Exception):
        try:
            return cycle.handle(error)
        except BaseException as raised:
            # While debugging or testing Flask raises the error again, for a server to show.
            error = raised
    logger.error("Exception on %s", where, exc_info=error)
    if isinstance(error, HTTPException):
        return app.make_response(error)
    return app.response_class("The server failed on this message.", 500, mimetype="text/plain")


def _route_to_message(app: Flask, path: str, endpoint: str) -> None:
    # The origin was checked before the upgrade, and a message has no place for a token.
    exempt_from_csrf(app, run_handler)
    # Extensions look for the view of a request, by the name that its endpoint has in the app. It is
    # one function, and not the handler, which may be a route's view as well: that needs a token.
    app.view_functions.setdefault(endpoint, run_handler)
    request.url_rule = _message_rule(path, endpoint)
    request.view_args = {}
    request.routing_exception = None


@lru_cache
def _message_rule(path: str, endpoint: str) -> Rule:
    """Return a rule that is not in the app's map, so that no URL leads to it."""
    return Rule(path, endpoint=endpoint, methods=["POST"])
