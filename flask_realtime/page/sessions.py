"""Reads the session of the current request, as it is and as it came, without marking it as used.

Flask notes when an app uses its session, and tells caches so by ``Vary: Cookie``. What the library
reads must not count.
"""

from __future__ import annotations

import logging
import pickle
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from flask import Request
from flask.sessions import SecureCookieSession, SessionMixin
from markupsafe import Markup

from ..flask_contexts import (
    REQUEST_CONTEXT,
    SESSION,
    app_context,
    present_app,
    present_request,
    request_context,
)
from .cookie_sessions import has_cookie_session

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

logger = logging.getLogger(__name__)

# Where an environ holds a _Snapshot.
_SNAPSHOT = "flask_realtime.session"
# Where an environ holds the session as it came, once that was opened a second time.
_OPENED = "flask_realtime.opened_session"
_IS_ID_RENEWED = "flask_realtime.is_id_renewed"
# Types of values that nobody can change in place.
_FIXED = frozenset([bool, bytes, datetime, float, int, str, Markup, type(None), UUID])
#: Where an environ holds the id that the request's session has in the app's store. The key is
#: missing where the session is in its cookie.
CAME_ID = "flask_realtime.session_id"
#: Where an environ holds a function that tells whether a session has given up the request's id a
#: moment ago, or what that function has returned. The key is missing if the app's store has the id.
HAD_GIVEN_UP_ID = "flask_realtime.had_given_up_id"
#: Set in the environ of a request whose session is not to be saved once the app has done its part.
IS_NOT_SAVED = "flask_realtime.is_not_saved"


class _Snapshot(NamedTuple):
    """What a session was when the request came.

    :param values: the session's values, as they are now.
    :param insides: by key, what those held that may change within; None where that has no copy.
    """

    values: dict[str, Any]
    insides: dict[str, bytes | None]


def present_session() -> SessionMixin:
    """Return the session of the current request, without marking it as used."""
    session: SessionMixin = getattr(REQUEST_CONTEXT.get(), SESSION)
    return session


def save_nothing() -> None:
    """Have the current request neither save its session nor set the session's cookie."""
    app = present_app()
    setattr(request_context(), SESSION, app.session_interface.make_null_session(app))


def open_no_session() -> None:
    """Give the current request the session of a visitor who brings no cookie; it is not saved."""
    app, environ = present_app(), present_request().environ
    environ[IS_NOT_SAVED] = True
    request = app.request_class({**environ, "HTTP_COOKIE": ""})
    opened = app.session_interface.open_session(app, request)
    setattr(request_context(), SESSION, SecureCookieSession() if opened is None else opened)


def renew_id() -> None:
    """Give the session another id, if it lives in a store that can: Flask-Session's can.

    Its cookie holds nothing but that id, so a copy of the cookie shows the same session else,
    whatever is written into it. A session that is empty by now gets no other id, since its store
    deletes it; but a request under way may write it back, so that it has given up its id as well.
    """
    regenerate = getattr(present_app().session_interface, "regenerate", None)
    if regenerate is not None:
        regenerate(present_session())
    present_request().environ[_IS_ID_RENEWED] = True


def may_be_saved() -> bool:
    """Return whether the session may be saved at the end of the current request.

    One that has not changed is saved as well, so that it lives on: by Flask if it is permanent, and
    by Flask-Session in any case.
    """
    session, app = present_session(), present_app()
    if session.modified:
        return True
    is_lasting = value_in(session, "_permanent") if has_cookie_session(app) else session
    return bool(is_lasting) and bool(app.config["SESSION_REFRESH_EACH_REQUEST"])


def has_insides(session: SessionMixin) -> bool:
    """Return whether a value of the session may be changed without the session's noting it.

    A session notes what is written under a key, and not what is written into a dict or a list that
    it holds.
    """
    return isinstance(session, dict) and not _FIXED.issuperset(map(type, session.values()))


def keep_snapshot(is_deep: bool = True) -> None:
    """Copy the session, if it lives in a store and not in its cookie, before the app changes it.

    It may be gone from its store before the request ends.

    :param is_deep: whether to copy what its values hold as well.
    """
    request, session = present_request(), present_session()
    if isinstance(session, dict) and not has_cookie_session(present_app()):
        insides = {}
        if is_deep and has_insides(session):
            # In a hundredth of the time that a copy of what is inside would take.
            insides = {
                key: _pickled(value) for key, value in session.items() if type(value) not in _FIXED
            }
        request.environ[_SNAPSHOT] = _Snapshot(dict(session), insides)
        request.environ[CAME_ID] = getattr(session, "sid", None) or ""


def forget_snapshot(environ: WSGIEnvironment) -> None:
    """Let go of what the session was when the request came, which may be large."""
    environ.pop(_SNAPSHOT, None)
    environ.pop(_OPENED, None)


def session_cookie() -> str:
    """Return the cookie that came with the request, and names its session in the app's store.

    Empty if there is none, or if the session itself is in the cookie.
    """
    if CAME_ID not in present_request().environ:
        return ""
    app = present_app()
    return present_request().cookies.get(app.session_interface.get_cookie_name(app), "")


def has_unknown_id() -> bool:
    """Return whether the request came with the id of a session that its store does not hold.

    Flask-Session gives such a request an empty session with another id. The former session has
    expired, was deleted, or has had another id since the browser sent the request: see
    :func:`had_given_up_id`.
    """
    came_id, cookie = present_request().environ.get(CAME_ID, ""), session_cookie()
    # A signature may follow the id.
    return bool(cookie) and not cookie.startswith(came_id)


def had_given_up_id() -> bool:
    """Return whether the request came with an id that its session has given up a moment ago.

    The browser has, or is about to get, the session's other id, which it must not lose. True as
    well where the registry cannot tell.
    """
    environ = present_request().environ
    found = environ.get(HAD_GIVEN_UP_ID, False)
    if callable(found):
        found = environ[HAD_GIVEN_UP_ID] = found()
    return bool(found)


def given_up_cookie() -> str:
    """Return the session's cookie if the session gave up its id during the request, else ``""``."""
    came_id = present_request().environ.get(CAME_ID)
    if not came_id:
        return ""
    session = present_session()
    present_id = getattr(session, "sid", None)
    is_another = present_id and present_id != came_id
    is_deleted = _IS_ID_RENEWED in present_request().environ and not session
    return session_cookie() if (is_another or is_deleted) and not has_unknown_id() else ""


def session_as_it_came(is_deep: bool = True) -> SessionMixin:
    """Return the session as it was when the request came.

    It is the present session if that has not been changed since, and else a copy of its former
    state.

    :param is_deep: whether what has changed within its values counts where the session does not
        note it. To see that, a session in a cookie is opened again, which takes time.
    """
    session = present_session()
    if not (session.modified or (is_deep and has_insides(session))):
        return session
    request = present_request()
    snapshot: _Snapshot | None = request.environ.get(_SNAPSHOT)
    if snapshot is not None:
        # What has not changed is the very same in both, whatever it makes of a comparison.
        changed = _changed_within(snapshot)
        came: SessionMixin = SecureCookieSession({**snapshot.values, **changed})
    else:
        came = _opened_again(request)
    return came if session.modified or differ(came, session) else session


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
    """Return what a session holds under *key*, None if nothing, without marking it as used."""
    accessed = getattr(session, "accessed", None)
    value = session.get(key)
    if accessed is not None:
        session.accessed = accessed  # type: ignore[attr-defined]
    return value


def differ(one: object, other: object) -> bool:
    """Return whether two sessions, or values of them, are not the same."""
    try:
        return bool(one != other)
    except Exception:
        # So it is with values that are compared part by part, as arrays are.
        return True


def _opened_again(request: Request) -> SessionMixin:
    """Return the session to which the request's cookie leads: the same one at each call, unless the
    app has written into it, as a function that tells its user may."""
    came: SessionMixin | None = request.environ.get(_OPENED)
    if came is None or came.modified:
        app = present_app()
        opened = app.session_interface.open_session(app, request)
        came = request.environ[_OPENED] = SecureCookieSession() if opened is None else opened
    return came


def _pickled(value: object) -> bytes | None:
    """Return all that a value of the session holds; None if that cannot be pickled."""
    try:
        return pickle.dumps(value)
    except Exception:
        logger.debug("A value of the session is noted without what it holds.", exc_info=True)
        return None


def _changed_within(snapshot: _Snapshot) -> dict[str, Any]:
    """Return, by key, what values were that hold something else by now."""
    changed = {}
    for key, held in snapshot.insides.items():
        if held is not None and _pickled(snapshot.values[key]) != held:
            try:
                changed[key] = pickle.loads(held)
            except Exception:
                logger.debug("A value of the session has no former state.", exc_info=True)
    return changed
