"""Whose the session is at both ends of a request, also where the app's function may fail.

A function that reads what a stranger's session lacks fails for every stranger. The error is the
answer's, 500, where the request needs to know for whom a page is. All other requests of the app are
answered as ever, and the log has the error.
"""

from __future__ import annotations

import logging

from ..flask_contexts import present_request
from ..threads.rare_warnings import RareWarnings
from .client import came, client_so_far, present_identity
from .former_session import session_as_it_came
from .user_loader import identify

logger = logging.getLogger(__name__)
warnings = RareWarnings(logger)

#: Set in an environ while the app has to say whose the session is, though no client is acted on.
MUST_BE_KNOWN = "flask_realtime.must_be_known"
# Set in the environ of a request whose failure of the app's function was logged.
_IS_LOGGED = "flask_realtime.is_failure_logged"


def identity_now() -> str | None:
    """Return the user that the session belongs to at the end of the request, None for a stranger.

    The app's function may fail. If it fails for the session as it is now, and not for the session
    as it came, the user counts as logged out. If it fails for both, the failure has nothing to do
    with what the request has done: the session still counts as its former user's, or the error is
    raised, if the request acts on a page.
    """
    try:
        return present_identity()
    except Exception as error:
        before = identity_that_came()
        if before is None or _fails_for_what_came():
            _pass_over(error)
            return before
        if _is_first():
            warnings.warn(
                "identify",
                f"The function of realtime.identify failed: {error!r}. It had named a user when "
                f"the request came, who counts as logged out. Let it return None for a stranger.",
            )
        return None


def identity_that_came() -> str | None:
    """Return the user that the session belonged to when the request came, None for a stranger.

    It raises what the app's function raises, if the request acts on a page.
    """
    try:
        return came().identity
    except Exception as error:
        _pass_over(error)
        return None


def log_failure(error: Exception) -> None:
    """Log, once in a request, that the app's function has failed."""
    if _is_first():
        logger.error(
            "The function of realtime.identify failed, so that nobody knows whose the session is. "
            "Let it return None for a stranger: pages that use realtime are answered 500.",
            exc_info=error,
        )


def _fails_for_what_came() -> bool:
    """Return whether the function fails by now for the session as it was when the request came."""
    try:
        identify().ask(session_as_it_came())
    except Exception:
        return True
    return False


def _pass_over(error: Exception) -> None:
    if client_so_far() is not None or MUST_BE_KNOWN in present_request().environ:
        raise error
    log_failure(error)


def _is_first() -> bool:
    """Return whether nothing was logged of the current request yet."""
    environ = present_request().environ
    is_first = _IS_LOGGED not in environ
    environ[_IS_LOGGED] = True
    return is_first
