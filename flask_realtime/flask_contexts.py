"""The contexts of the current app and request, however the installed Flask keeps them.

Flask before 3.2 has one context for the app and another one for its request; from 3.2 on both are
one object. ``flask.request`` and ``current_app`` find the context anew each time that they are
used, by some ten calls of functions. Code that runs for every request finds the context here, once.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from flask import Flask, Request, ctx, current_app, globals, request

_VARIABLES = vars(globals)
#: Whether the contexts of an app and of its request are one object.
IS_ONE: bool = "_cv_request" not in _VARIABLES
_APP: ContextVar[Any] = _VARIABLES["_cv_app"]
#: Holds the context of the current request.
REQUEST_CONTEXT: ContextVar[Any] = _APP if IS_ONE else _VARIABLES["_cv_request"]
#: The class of a request's context.
OF_REQUEST: Any = ctx.AppContext if IS_ONE else vars(ctx)["RequestContext"]
#: The attribute of a request's context that holds its session. Since Flask 3.1.3 reading
#: ``session`` marks the session as used.
SESSION = "_session" if hasattr(OF_REQUEST, "session") else "session"


def request_context() -> Any:
    """Return the context of the current request; call it only if there is a request."""
    return REQUEST_CONTEXT.get()


def app_context() -> Any:
    """Return the current context of an app; call it only if there is one."""
    return _APP.get()


def present_request() -> Request:
    """Return the current request itself.

    :raises RuntimeError: as Flask does, if there is no request.
    """
    try:
        found: Request = REQUEST_CONTEXT.get().request
    except LookupError:
        found = request._get_current_object()  # type: ignore[attr-defined]
    return found


def present_app() -> Flask:
    """Return the current app itself.

    :raises RuntimeError: as Flask does, if there is no context of an app.
    """
    try:
        found: Flask = _APP.get().app
    except LookupError:
        found = current_app._get_current_object()  # type: ignore[attr-defined]
    return found


@contextmanager
def within(app: Flask) -> Iterator[None]:
    """Have the code of the ``with`` block see *app* as ``current_app``, on any thread.

    If *app* has a context already, the code runs in that one; else in a new one, which ends with
    the block.
    """
    # current_app is false if there is no context.
    if current_app and present_app() is app:
        yield
        return
    with app.app_context():
        yield


def check_app(app: object) -> None:
    """Check that *app* is an app.

    :raises TypeError: if it is none.
    """
    if not isinstance(app, Flask):
        raise TypeError(
            f"Realtime(app) and realtime.init_app(app) take a Flask app, and not {app!r:.60}; the "
            f"views of a blueprint belong to the app that the blueprint is registered with."
        )
