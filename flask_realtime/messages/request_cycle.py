"""The steps that Flask takes for one request, in every version of Flask from 2.3 on.

From 3.2 on Flask has one context object in place of two, its methods take that object as their
first argument, and ``should_ignore_error`` is None unless an app defines it. This module hides
these differences from all others.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from flask import Flask, Response
from flask.ctx import AppContext
from flask.sessions import SecureCookieSession, SessionMixin
from flask.typing import ResponseReturnValue
from werkzeug.local import LocalProxy
from werkzeug.routing import MapAdapter

from ..flask_contexts import OF_REQUEST, SESSION

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

# The signatures of Flask's methods do not tell, since tools that measure an app wrap the methods.
_METHODS_TAKE_CONTEXT = hasattr(AppContext, "has_request")


class RequestCycle:
    """The steps of ``Flask.wsgi_app`` for one request, except for sending the response.

    :param app: the app that answers the request.
    :param environ: the WSGI environ that describes the request.
    """

    __slots__ = ("_app", "_arguments", "_context", "_is_put_off")

    def __init__(self, app: Flask, environ: WSGIEnvironment) -> None:
        self._app: Any = app
        self._context: Any = app.request_context(environ)
        self._arguments = (self._context,) if _METHODS_TAKE_CONTEXT else ()
        self._is_put_off = False

    def push(self, finds_route: bool = True, opens_session: bool = True) -> SessionMixin:
        """Make this the current request: open its session, find its route.

        :param finds_route: False: no route is looked for; the caller says what answers the request.
        :param opens_session: False: the caller opens the session by :meth:`open_session`. The app
            must find routes without code of its own, which may read the session.
        :returns: the session, not marked as used by the app, so that its response gets no header
            ``Vary: Cookie`` unless the app itself uses it.
        """
        adapter = self._context.url_adapter
        if not finds_route:
            self._context.url_adapter = None
        # Other contexts and adapters may be the app's own, and read the session.
        is_plain = type(self._context) is OF_REQUEST and type(adapter) is MapAdapter
        is_to_be_opened = getattr(self._context, SESSION) is None
        if not opens_session and is_plain and adapter.map is self._app.url_map and is_to_be_opened:
            setattr(self._context, SESSION, SecureCookieSession())
            self._is_put_off = True
        try:
            self._context.push()
        finally:
            self._context.url_adapter = adapter
        session: SessionMixin = self._context.session
        # Flask 3.2 marks the session as used as soon as anything asks the context for it.
        session.accessed = False
        return session

    def open_session(self) -> None:
        """Open the session as Flask does, if :meth:`push` has put that off."""
        if self._is_put_off:
            self._is_put_off = False
            # If the store fails, the request has no session, as a request by HTTP has none.
            setattr(self._context, SESSION, None)
            setattr(self._context, SESSION, self._opened())

    def offer_session(self) -> None:
        """Have the session opened by the first code that reads it, if it is not open yet."""
        if self._is_put_off:
            opened = lru_cache(self._opened)
            setattr(self._context, SESSION, LocalProxy(opened))

    def pop(self, error: BaseException | None) -> None:
        """End the request: run the app's teardown functions.

        :param error: the exception that the app's functions raised, for the teardown functions;
            None if they raised none.
        """
        ignores = self._app.should_ignore_error
        if error is not None and ignores is not None and ignores(error):
            error = None
        try:
            self._context.pop(error)
        finally:
            if self._is_put_off:
                # The offered session refers to the context: only the garbage collector would free
                # the two.
                setattr(self._context, SESSION, None)

    def dispatch(self) -> Response:
        """Return the response of the request's route.

        It runs ``before_request`` and ``after_request`` functions and error handlers, and saves
        the session.
        """
        response: Response = self._app.full_dispatch_request(*self._arguments)
        return response

    def preprocess(self) -> ResponseReturnValue | None:
        """Run ``before_request`` functions until one of them returns an answer.

        :returns: that answer; None if all functions ran and returned None.
        """
        answer: ResponseReturnValue | None = self._app.preprocess_request(*self._arguments)
        return answer

    def finalize(self, answer: ResponseReturnValue) -> Response:
        """Make a response of what a view returned.

        It runs ``after_request`` functions and saves the session.
        """
        response: Response = self._app.finalize_request(*self._arguments, answer)
        return response

    def handle(self, error: Exception) -> Response:
        """Return the response, with status 500, to an exception that no error handler has handled.

        In debug mode and in tests, this raises the exception again, as Flask does.
        """
        response: Response = self._app.handle_exception(*self._arguments, error)
        return response

    def _opened(self) -> SessionMixin:
        interface = self._app.session_interface
        session: SessionMixin | None = interface.open_session(self._app, self._context.request)
        return interface.make_null_session(self._app) if session is None else session
