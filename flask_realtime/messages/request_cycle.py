"""The steps that Flask takes for one request, in the form that the installed Flask gives them.

From 3.2 on Flask has one context object in place of two, its methods take that object as their
first argument, and ``should_ignore_error`` is None unless an app defines it. Everything that
differs between Flask 2.3 and 3.2 in how a request is run stands in this module.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Flask, Response
from flask.ctx import AppContext
from flask.sessions import SessionMixin
from flask.typing import ResponseReturnValue

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

# Asked of the class, and not of the methods' signatures: tools that measure an app wrap those.
_METHODS_TAKE_CONTEXT = hasattr(AppContext, "has_request")


class RequestCycle:
    """One request's way through an app, step by step: ``Flask.wsgi_app`` without the sending.

    :param app: the app that answers the request.
    :param environ: the WSGI environ that describes the request.
    """

    __slots__ = ("_app", "_arguments", "_context")

    def __init__(self, app: Flask, environ: WSGIEnvironment) -> None:
        self._app: Any = app
        self._context: Any = app.request_context(environ)
        self._arguments = (self._context,) if _METHODS_TAKE_CONTEXT else ()

    def push(self) -> SessionMixin:
        """Make this the current request: open its session, find its route.

        :returns: the session, which is not marked as used by the app.
        """
        self._context.push()
        session: SessionMixin = self._context.session
        # Flask 3.2 marks the session as used as soon as it hands it out.
        session.accessed = False
        return session

    def pop(self, error: BaseException | None) -> None:
        """End the request: run the app's teardown functions.

        :param error: the exception that was raised and handled, which these functions are given.
        """
        ignores = self._app.should_ignore_error
        if error is not None and ignores is not None and ignores(error):
            error = None
        self._context.pop(error)

    def dispatch(self) -> Response:
        """Return the response of the route; runs ``before_request`` functions, error handlers."""
        response: Response = self._app.full_dispatch_request(*self._arguments)
        return response

    def preprocess(self) -> ResponseReturnValue | None:
        """Return the answer of the first ``before_request`` function that gives one, else None."""
        answer: ResponseReturnValue | None = self._app.preprocess_request(*self._arguments)
        return answer

    def finalize(self, answer: ResponseReturnValue) -> Response:
        """Return *answer* as a response.

        Runs ``after_request`` functions and saves the session.
        """
        response: Response = self._app.finalize_request(*self._arguments, answer)
        return response

    def handle(self, error: Exception) -> Response:
        """Return the response to an error that no error handler has taken; raises it in tests."""
        response: Response = self._app.handle_exception(*self._arguments, error)
        return response
