"""``realtime.identify``: the app's function that says which user a session belongs to."""

from __future__ import annotations

import logging
from collections.abc import Callable
from types import ModuleType
from typing import Any

from flask import current_app, session
from flask.sessions import NullSession, SessionMixin
from werkzeug.local import LocalProxy

from ..errors import AlreadyRegistered, InvalidIdentity
from ..flask_contexts import present_app
from ..identity.users import channel_of, identity_of
from ..signatures import check_arguments
from ..threads.rare_warnings import RareWarnings
from .sessions import as_if

logger = logging.getLogger(__name__)
warnings = RareWarnings(logger)

#: Where an app's extensions hold its :class:`Identify`.
EXTENSION = "realtime_identify"

# The session's key under which Flask-Login, and so Flask-Security, keeps the user's id.
_FLASK_LOGIN_KEY = "_user_id"


class Identify:
    """The app's function that tells users; without one every session is a stranger's."""

    def __init__(self) -> None:
        self._function: Callable[[], Any] | None = None
        self._flask_login: Any = None
        self._has_warned = False

    def __bool__(self) -> bool:
        return self._function is not None

    def set(self, function: Any) -> None:
        """Ask *function* from now on.

        :param function: a function without arguments, or the module ``flask_login``.
        :raises AlreadyRegistered: if there is a function already.
        :raises TypeError: if *function* is neither, or needs arguments.
        """
        if self._function is not None:
            raise AlreadyRegistered(
                f"The app already has a function for realtime.identify, {self._function!r}: use "
                f"realtime.identify once."
            )
        if isinstance(function, ModuleType) and function.__name__ == "flask_login":
            self._flask_login, function = function, _ask_flask_login
        if isinstance(function, LocalProxy):
            raise TypeError(
                "realtime.identify takes a function, or the module flask_login, not a proxy such "
                "as current_user: write realtime.identify(flask_login)."
            )
        if not callable(function):
            raise TypeError(
                f"realtime.identify takes a function, or the module flask_login, not {function!r}."
            )
        check_arguments(function, (), "realtime.identify")
        self._function = function

    def warn_if_nobody_is_known(self) -> None:
        """Log a warning, once, if the app names a user, but has no function that tells users."""
        if self._function is None and not self._has_warned:
            self._has_warned = True
            logger.warning(
                "to_user() or user() reaches nobody, because the app does not say which user a "
                "session belongs to: decorate a function that returns the user's id with "
                "@realtime.identify."
            )

    def ask(self, of: SessionMixin) -> str | None:
        """Return the user that a session belongs to, None for a stranger.

        Raises whatever the app's function raises.

        :param of: the session, which the function sees as ``flask.session``.
        :raises InvalidIdentity: if the function returns something that cannot be an id.
        """
        if self._function is None or isinstance(of, NullSession):
            return None
        with as_if(of):
            value = current_app.ensure_sync(self._function)()
        try:
            return None if value is None else identity_of(value)
        except InvalidIdentity as error:
            raise InvalidIdentity(
                f"The function of realtime.identify returned no id. {error}"
            ) from None

    def refuses(self) -> bool:
        """Return whether Flask-Login takes the current request's visitor for a stranger.

        It does if the session still names a user for whom the app's user loader returns None, such
        as one who was banned or deleted. The result is False if the app does not use Flask-Login
        for identities, and if Flask-Login cannot tell, which the log warns of: a page that needs no
        user must not fail because the app's database is away.
        """
        if self._flask_login is None or not hasattr(current_app, "login_manager"):
            return False
        try:
            user = self._flask_login.current_user
            return not getattr(user, "is_authenticated", False)
        except Exception as error:
            warnings.warn(
                "loader",
                f"Flask-Login could not tell whether it knows the session's user, and the page "
                f"hears what the user is sent: {error!r}",
            )
            return False


def own_channels(identity: str | None) -> list[str]:
    """Return the channel on which the page of the current request hears what its user is sent.

    :param identity: the user that the session belongs to; None: a stranger.
    :returns: a list of one name; an empty one for a stranger, and for a user whom the app refuses.
    """
    if identity is None or identify().refuses():
        return []
    return [channel_of(identity)]


def identify() -> Identify:
    """Return the :class:`Identify` of the current app."""
    found: Identify = present_app().extensions.get(EXTENSION, _NOBODY)
    return found


_NOBODY = Identify()


def _ask_flask_login() -> Any:
    return session.get(_FLASK_LOGIN_KEY)
