"""The session as it was when the current request came, whatever the app has made of it since."""

from __future__ import annotations

import logging
import pickle
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from flask import Request
from flask.sessions import SecureCookieSession, SessionMixin
from markupsafe import Markup

from ..flask_contexts import present_app, present_request
from .cookie_sessions import has_cookie_session
from .sessions import present_session

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

logger = logging.getLogger(__name__)

# Where an environ holds a _Snapshot.
_SNAPSHOT = "flask_realtime.session"
# Where an environ holds the session as it came, once that was opened a second time.
_OPENED = "flask_realtime.opened_session"
# Types of values that nobody can change in place.
_FIXED = frozenset([bool, bytes, datetime, float, int, str, Markup, type(None), UUID])


class _Snapshot(NamedTuple):
    """What a session was when the request came.

    :param values: the session's values; the app may change what is within them.
    :param insides: by key, a copy of each value that may change within, as pickled bytes; None if
        the value cannot be pickled.
    """

    values: dict[str, Any]
    insides: dict[str, bytes | None]


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
            # Pickling takes a hundredth of the time that a deep copy would take.
            insides = {
                key: _pickled(value) for key, value in session.items() if type(value) not in _FIXED
            }
        request.environ[_SNAPSHOT] = _Snapshot(dict(session), insides)


def forget_snapshot(environ: WSGIEnvironment) -> None:
    """Let go of what the session was when the request came, which may be large."""
    environ.pop(_SNAPSHOT, None)
    environ.pop(_OPENED, None)


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
        # Values that have not changed are the same objects in both sessions, so that these count as
        # equal even if the values cannot be compared.
        changed = _changed_within(snapshot)
        came: SessionMixin = SecureCookieSession({**snapshot.values, **changed})
    else:
        came = _opened_again(request)
    return came if session.modified or differ(came, session) else session


def differ(one: object, other: object) -> bool:
    """Return whether two sessions, or values of them, are not the same."""
    try:
        return bool(one != other)
    except Exception:
        # Arrays, for example, are compared item by item, and the result is neither true nor false.
        return True


def _opened_again(request: Request) -> SessionMixin:
    """Return the session to which the request's cookie leads.

    It is the same object at each call, unless the app has written into it, as the function of
    ``realtime.identify`` may.
    """
    came: SessionMixin | None = request.environ.get(_OPENED)
    if came is None or came.modified:
        app = present_app()
        opened = app.session_interface.open_session(app, request)
        came = request.environ[_OPENED] = SecureCookieSession() if opened is None else opened
    return came


def _pickled(value: object) -> bytes | None:
    """Return a value of the session as pickled bytes; None if it cannot be pickled."""
    try:
        return pickle.dumps(value)
    except Exception:
        logger.debug("A value of the session is noted without what it holds.", exc_info=True)
        return None


def _changed_within(snapshot: _Snapshot) -> dict[str, Any]:
    """Return, by key, the former states of the values that have changed within since."""
    changed = {}
    for key, held in snapshot.insides.items():
        if held is not None and _pickled(snapshot.values[key]) != held:
            try:
                changed[key] = pickle.loads(held)
            except Exception:
                logger.debug("A value of the session has no former state.", exc_info=True)
    return changed
