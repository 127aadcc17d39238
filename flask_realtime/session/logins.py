"""Log-ins and log-outs by Flask-Login, as its signals and the session tell of them.

What was shown decides: whoever has shown a password may begin a living session where a former one
has ended, and a cookie that somebody may have copied may not.
"""

from __future__ import annotations

import sys
from typing import Any

from flask import Flask, has_request_context, request

from ..flask_contexts import present_request
from ..page.sessions import present_session, value_in

#: Set in the environ of a request that has called ``flask_login.logout_user``.
HAS_LOGGED_OUT = "flask_realtime.has_logged_out"
_HAS_LOGGED_IN = "flask_realtime.has_logged_in"
_IS_REMEMBERED = "flask_realtime.is_remembered"
# The key in the session that Flask-Login sets to False until the user shows a password again.
_FRESH = "_fresh"
# The keys of the session that Flask-Login sets at a log-in.
_LOG_IN = ("_user_id", _FRESH, "_id")


class LogIns:
    """Notes in each request of one app what Flask-Login's signals say."""

    def __init__(self) -> None:
        self._is_listening = False

    def listen(self, app: Flask) -> None:
        """Listen to the signals from now on; does nothing until Flask-Login is imported."""
        if self._is_listening or "flask_login" not in sys.modules:
            return
        # None while another thread imports it.
        signals: list[Any] = [getattr(sys.modules["flask_login"], one, None) for one in _NOTES]
        if None not in signals:
            # Connecting a function again does nothing.
            for signal, note in zip(signals, _NOTES.values(), strict=True):
                signal.connect(note, app)
            self._is_listening = True


def has_logged_in() -> bool:
    """Return whether the current request has logged a user in by ``flask_login.login_user``."""
    return _HAS_LOGGED_IN in present_request().environ


def is_remembered() -> bool:
    """Return whether nothing but Flask-Login's cookie says who the current request's user is."""
    return _IS_REMEMBERED in present_request().environ and not has_logged_in()


def has_shown_password() -> bool:
    """Return whether something else than the remember cookie has logged the session's user in."""
    return bool(value_in(present_session(), "_user_id")) and not is_of_cookie()


def is_of_cookie() -> bool:
    """Return whether nothing but the remember cookie has logged the session's user in."""
    session = present_session()
    # A log-in that the app itself calls not fresh has "_id", as each by login_user().
    is_stale = value_in(session, _FRESH) is False and value_in(session, "_id") is None
    return bool(value_in(session, "_user_id")) and is_stale


def log_user_out() -> None:
    """Take out of the session what Flask-Login keeps there of its user."""
    for key in _LOG_IN:
        present_session().pop(key, None)


def _note_log_in(_app: Flask, **_user: Any) -> None:
    _note(_HAS_LOGGED_IN)


def _note_log_out(_app: Flask, **_user: Any) -> None:
    _note(HAS_LOGGED_OUT)


def _note_remembered(_app: Flask, **_user: Any) -> None:
    _note(_IS_REMEMBERED)


def _note(key: str) -> None:
    if has_request_context():
        request.environ[key] = True


# By the name of a signal, what is called behind it. A signal holds its functions weakly.
_NOTES = {
    "user_logged_in": _note_log_in,
    "user_logged_out": _note_log_out,
    "user_loaded_from_cookie": _note_remembered,
}
