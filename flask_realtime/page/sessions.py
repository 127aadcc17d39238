"""Reads the session of the current request as it is, without marking it as used.

Flask notes when an app uses its session, and tells caches so by ``Vary: Cookie``. What the library
reads must not count.
"""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any

from flask.sessions import SecureCookieSession, SessionInterface, SessionMixin

from ..errors import InvalidSetting
from ..flask_contexts import (
    REQUEST_CONTEXT,
    SESSION,
    app_context,
    present_app,
    present_request,
    request_context,
)
from .cookie_sessions import has_cookie_session

#: Set in the environ of a request whose session is not to be saved once the app has done its part.
IS_NOT_SAVED = "flask_realtime.is_not_saved"
#: The key in a session that says whether it outlives the browser's end; clear() may leave it there.
PERMANENT = "_permanent"
_FLASK_SESSION = "flask_session"
# The packages whose interfaces write a session as a whole, and nothing else: saving it twice does
# no harm.
_SAVE_TWICE = ("flask", _FLASK_SESSION)


def present_session() -> SessionMixin:
    """Return the session of the current request, without marking it as used."""
    session: SessionMixin = getattr(REQUEST_CONTEXT.get(), SESSION)
    return session


def check_session() -> None:
    """Check that the session tells whether it was read and changed, once something has failed.

    :raises InvalidSetting: if the session's class lacks ``modified`` or ``accessed``.
    """
    session = present_session()
    if not (hasattr(session, "modified") and hasattr(session, "accessed")):
        interface, name = type(present_app().session_interface), type(session).__name__
        raise InvalidSetting(
            f"A session of the app's session_interface, {interface.__module__}."
            f"{interface.__qualname__}, is a {name}, which does not tell whether it was read and "
            f"changed. Flask takes such a session, and flask_realtime cannot: have open_session() "
            f"return an object of a class that is a flask.sessions.SessionMixin as well."
        ) from None


def save_nothing() -> None:
    """Have the current request neither save its session nor set the session's cookie."""
    app = present_app()
    setattr(request_context(), SESSION, app.session_interface.make_null_session(app))


def save_on_trial() -> None:
    """Save the session as it is now, as the app's interface does, without setting its cookie.

    Flask saves the session again at the end of the request. This function raises whatever the
    interface raises. It does nothing if the interface has its own way of saving sessions, which may
    release a lock, compare versions, or note what it has saved: saving twice would fail, or would
    set no cookie.
    """
    app, session = present_app(), present_session()
    interface = app.session_interface
    if _author_of(interface) not in _SAVE_TWICE or interface.is_null_session(session):
        return
    accessed = session.accessed
    try:
        interface.save_session(app, session, app.response_class())
    finally:
        session.accessed = accessed


def open_no_session() -> None:
    """Give the current request the session of a visitor who brings no cookie; it is not saved."""
    present_request().environ[IS_NOT_SAVED] = True
    open_without_cookie()


def open_without_cookie() -> None:
    """Give the current request the session of a visitor who brings no cookie."""
    app = present_app()
    request = app.request_class({**present_request().environ, "HTTP_COOKIE": ""})
    opened = app.session_interface.open_session(app, request)
    setattr(request_context(), SESSION, SecureCookieSession() if opened is None else opened)


def save_under(session_id: str, values: dict[str, Any]) -> None:
    """Have the app's store hold a session under an id that the current request has given up.

    It does nothing where the store is not one of Flask-Session.
    """
    app, interface = present_app(), present_app().session_interface
    if _author_of(interface) == _FLASK_SESSION:
        session = interface.session_class(values, sid=session_id)  # type: ignore[attr-defined]
        session.modified = True
        interface.save_session(app, session, app.response_class())


def may_be_saved() -> bool:
    """Return whether the session may be saved at the end of the current request.

    A session that has not changed is saved as well, so that it lives on: by Flask if it is
    permanent, and by Flask-Session in any case.
    """
    session, app = present_session(), present_app()
    if session.modified:
        return True
    is_lasting = value_in(session, PERMANENT) if has_cookie_session(app) else session
    return bool(is_lasting) and bool(app.config["SESSION_REFRESH_EACH_REQUEST"])


@contextmanager
def as_if(session: SessionMixin) -> Iterator[None]:
    """Have the code inside a ``with`` block see *session* as ``flask.session``.

    If it is not the present session, the code sees an empty ``g`` too, because ``g`` may hold what
    was loaded for the present session: its user above all.
    """
    context, holder = request_context(), app_context()
    before = getattr(context, SESSION)
    accessed = session.accessed
    is_other = session is not before
    kept = holder.g
    try:
        if is_other:
            setattr(context, SESSION, session)
            holder.g = holder.app.app_ctx_globals_class()
        yield
    finally:
        session.accessed = accessed
        if is_other:
            setattr(context, SESSION, before)
            holder.g = kept


def value_in(session: MutableMapping[str, Any], key: str) -> Any:
    """Return what a session holds under *key*, or None, without marking the session as used."""
    accessed = getattr(session, "accessed", None)
    value = session.get(key)
    if accessed is not None:
        session.accessed = accessed  # type: ignore[attr-defined]
    return value


def _author_of(interface: SessionInterface) -> str:
    """Return the package whose function saves the sessions."""
    return str(type(interface).save_session.__module__).partition(".")[0]
