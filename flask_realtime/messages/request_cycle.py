"""The steps that Flask takes for one request, whichever shape the installed Flask gives them.

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
    """One request's way through an app, step by step: :meth:`Flask.wsgi_app` without the sending.

    :param app: answers the request.
    :param environ: describes it.
    """

    __slots__ = ("_app", "_arguments", "_context")

    def __init__(self, app: Flask, environ: WSGIEnvironment) -> None:
        self._app: Any = app
        self._context: Any = app.request_context(environ)
        self._arguments = (self._context,) if _METHODS_TAKE_CONTEXT else ()

    def push(self) -> SessionMixin:
        """Make this the current request: open its session, find its route.

        :returns: the session. That it was looked at does not count as a use by the app.
        """
        self._context.push()
        session: SessionMixin = self._context.session
        # Flask 3.2 notes a use as soon as it hands the session out.
        session.accessed = False
        return session

    def pop(self, error: BaseException | None) -> None:
        """End the request: run the app's teardown functions.

        :param error: what was raised and handled, which these functions are told.
        """
        ignores = self._app.should_ignore_error
        if error is not None and ignores is not None and ignores(error):
            error = None
        self._context.pop(error)

    def dispatch(self) -> Response:
        """The response of the route that was found, after ``before_request`` functions and error
        handlers."""
        response: Response = self._app.full_dispatch_request(*self._arguments)
        return response

    def preprocess(self) -> ResponseReturnValue | None:
        """The answer of the first ``before_request`` function that gives one, None if none does."""
        answer: ResponseReturnValue | None = self._app.preprocess_request(*self._arguments)
        return answer

    def finalize(self, answer: ResponseReturnValue) -> Response:
        """*answer* as a response, after ``after_request`` functions and the saving of the
        session."""
        response: Response = self._app.finalize_request(*self._arguments, answer)
        return response

    def handle(self, error: Exception) -> Response:
        """The response to an error that no error handler has taken; raises it while testing."""
        response: Response = self._app.handle_exception(*self._arguments, error)
        return response
