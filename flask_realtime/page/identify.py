"""Who a session belongs to, as the app says."""

from __future__ import annotations

import logging
from collections.abc import Callable
from types import ModuleType
from typing import Any

from flask import current_app, session
from flask.sessions import NullSession, SessionMixin

from ..errors import AlreadyRegistered
from ..identity.users import identity_of
from .sessions import as_if

logger = logging.getLogger(__name__)

#: Where an app's extensions hold its :class:`Identify`.
EXTENSION = "realtime_identify"

# Where Flask-Login, and Flask-Security with it, keep the id of who has logged in.
_FLASK_LOGIN_KEY = "_user_id"


class Identify:
    """The function by which an app says who a session belongs to; without one nobody is known."""

    def __init__(self) -> None:
        self._function: Callable[[], Any] | None = None
        self._has_warned = False

    def __bool__(self) -> bool:
        return self._function is not None

    def set(self, function: Any) -> None:
        """Ask *function* from now on.

        :param function: a function without arguments, or the module ``flask_login``.
        :raises AlreadyRegistered: if there is one.
        :raises TypeError: if it is neither.
        """
        if self._function is not None:
            raise AlreadyRegistered(
                f"The app says already who a session belongs to, by {self._function!r}: "
                f"use realtime.identify once."
            )
        if isinstance(function, ModuleType) and function.__name__ == "flask_login":
            function = _ask_flask_login
        if not callable(function):
            raise TypeError(
                f"realtime.identify takes a function, or the module flask_login, and not "
                f"{function!r}."
            )
        self._function = function

    def warn_if_nobody_is_known(self) -> None:
        """Log a warning, once, if a user is named and no page can belong to one."""
        if self._function is None and not self._has_warned:
            self._has_warned = True
            logger.warning(
                "A user was named by to_user() or user(), and nobody is reached: the app has not "
                "said who a session belongs to. Say so by realtime.identify."
            )

    def ask(self, of: SessionMixin) -> str | None:
        """Return who a session belongs to, None for a stranger. What the function raises is raised.

        :param of: the session, which the function sees as ``session``.
        :raises InvalidIdentity: if the function returns what is no id.
        """
        if self._function is None or isinstance(of, NullSession):
            return None
        with as_if(of):
            value = current_app.ensure_sync(self._function)()
        return None if value is None else identity_of(value)


def identify() -> Identify:
    """Return the current app's."""
    found: Identify = current_app.extensions.get(EXTENSION, _NOBODY)
    return found


_NOBODY = Identify()


def _ask_flask_login() -> Any:
    return session.get(_FLASK_LOGIN_KEY)
