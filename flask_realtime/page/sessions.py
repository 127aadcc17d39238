"""Reads the session of the current request, as it is and as it came, without marking it as used.

Flask notes when an app uses its session, and tells caches so by ``Vary: Cookie``. What the library
reads must not count.
"""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any

from flask import Flask, current_app, globals, request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface, SessionMixin

# Flask before 3.2 has one context for the app and another one for the request.
_REQUEST_VARIABLE: Any = vars(globals).get("_cv_request")

_SNAPSHOT = "flask_realtime.session"


def present_session() -> SessionMixin:
    """Return the session of the current request, without marking it as used."""
    context = _context()
    session: SessionMixin = getattr(context, _attribute(context))
    return session


def save_nothing() -> None:
    """Have the current request neither save its session nor set the session's cookie."""
    app, context = _app(), _context()
    setattr(context, _attribute(context), app.session_interface.make_null_session(app))


def keep_snapshot() -> None:
    """Copy the session, if it lives in a store and not in its cookie, before the app changes it.

    It may be gone from its store before the request ends.
    """
    session = present_session()
    if isinstance(session, dict) and not has_cookie_session(_app()):
        request.environ[_SNAPSHOT] = dict(session)


def session_as_it_came() -> SessionMixin:
    """Return the session as it was when the request came.

    It is the present session if that has not been changed since, and else a copy of its former
    state.
    """
    session = present_session()
    if not session.modified:
        return session
    snapshot = request.environ.get(_SNAPSHOT)
    if snapshot is not None:
        return SecureCookieSession(snapshot)
    app = _app()
    opened = app.session_interface.open_session(app, request._get_current_object())  # type: ignore[attr-defined]
    return SecureCookieSession() if opened is None else opened


@contextmanager
def as_if(session: SessionMixin) -> Iterator[None]:
    """Have the code inside a ``with`` block see *session* as ``flask.session``.

    If it is not the present session, the code sees an empty ``g`` too, because ``g`` may hold what
    was loaded for the present session: its user above all.
    """
    context, app_context = _context(), _app_context()
    attribute = _attribute(context)
    before = getattr(context, attribute)
    accessed = session.accessed
    is_other = session is not before
    kept = app_context.g
    try:
        if is_other:
            setattr(context, attribute, session)
            app_context.g = _app().app_ctx_globals_class()
        yield
    finally:
        session.accessed = accessed
        if is_other:
            setattr(context, attribute, before)
            app_context.g = kept


def has_cookie_session(app: Flask) -> bool:
    """Return whether the cookie holds the session itself, and not just a key to a store."""
    return isinstance(app.session_interface, SecureCookieSessionInterface)


def value_in(session: MutableMapping[str, Any], key: str) -> Any:
    """Return what a session holds under *key*, None if nothing, without marking it as used."""
    accessed = getattr(session, "accessed", None)
    value = session.get(key)
    if accessed is not None:
        session.accessed = accessed  # type: ignore[attr-defined]
    return value


def _app() -> Flask:
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    return app


def _context() -> Any:
    return _app_context() if _REQUEST_VARIABLE is None else _REQUEST_VARIABLE.get()


def _attribute(context: Any) -> str:
    # Since Flask 3.1.3 reading the other name marks the session as used.
    return "_session" if "_session" in vars(context) else "session"


def _app_context() -> Any:
    return globals.app_ctx._get_current_object()  # type: ignore[attr-defined]
