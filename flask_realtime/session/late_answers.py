"""Answers that come too late: the session that their request came with has ended meanwhile.

To save the session would undo a log-in or a log-out, be it in the cookie, which a browser takes
from whichever answer comes last, or in the app's store. A request may even come behind that, since
the browser had sent it before it had the answer with its next cookie. Its session is saved where
the same user's session may go on with its former key (see :mod:`.succession`), and the request has
changed it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from flask import Request, Response

from ..identity.users import user_of
from ..page.client import is_session_changed, known_socket_key
from ..page.identities import identity_now
from ..page.request_times import arrived_at, counts_from
from ..page.secret_keys import names_of_key
from ..page.session_ids import CAME_ID
from ..page.sessions import may_be_saved, present_session, save_nothing
from ..page.user_loader import identify
from .given_up_ids import names_of_id
from .known_ends import KnownEnds
from .logins import is_remembered
from .remember_cookie import forget_log_in, take_hidden_away, takes_hidden_away
from .succession import logs_in

# Browsers write the cookie into a request before it waits for one of their six connections to a
# server, for a lost packet that would open one (1, 3 and 7 s), and in a queue of the server. What
# comes later was asked for by a browser that has not got the answer to the log-in or the log-out,
# and goes on with its former cookie, as one that begins a log-in by OAuth anew does.
LATE_SECONDS = 15.0

#: Set in the environ of a request that has ended its browser session.
IS_ENDED = "flask_realtime.is_ended"
#: Set in the environ of a message that has cleared its session, which Flask keeps in the cookie.
IS_CLEARED = "flask_realtime.is_cleared"
#: Set in the environ of a request that fetches the changes of a message that has ended its session.
TAKES_END = "flask_realtime.takes_end"


class LateNode(Protocol):
    """The part of this process's :class:`.Node` that :class:`LateAnswers` needs."""

    @property
    def known_ends(self) -> KnownEnds:
        """The sessions whose end this process knows of."""

    def has_just_ended(self, sessions: Sequence[str], since: float | None = None) -> bool:
        """Return whether any of the sessions ended since a moment."""


class LateAnswers:
    """Takes out of answers that come too late the cookies that would undo a log-in or a log-out.

    It goes by what this process has heard of: an end that it has not heard of is undone.

    :param node: returns the node of this process.
    :param is_begun: returns whether this process has its node already; until then it knows of no
        ends.
    """

    def __init__(self, node: Callable[[], LateNode], is_begun: Callable[[], bool]) -> None:
        self._node = node
        self._is_begun = is_begun

    def settle(self, request: Request, response: Response) -> None:
        """Have *response* set no cookie of a session that has ended, and the session not saved."""
        if self._is_late(request):
            is_taken_away = takes_hidden_away(response)
            forget_log_in(response)
            if is_taken_away:
                take_hidden_away(response)
            # Flask tells caches so where it looks whether to save a session.
            if getattr(present_session(), "accessed", False):
                response.vary.add("Cookie")
            save_nothing()

    def _is_late(self, request: Request) -> bool:
        if not (may_be_saved() and self._is_begun()):
            return False
        if is_remembered() and self._is_forgotten():
            return True
        if IS_ENDED in request.environ:
            return False
        names = names_of_key(known_socket_key())
        if CAME_ID in request.environ:
            names += names_of_id()
        is_late = self._is_left(names) or self._node().has_just_ended(names, arrived_at())
        return is_late and (is_remembered() or not logs_in())

    def _is_forgotten(self) -> bool:
        """Return whether the user, who has no session, has logged out since the request came.

        Or another browser has, which the user's cookie does not tell: then the next request of this
        one begins a session.
        """
        user = user_of(identity_now())
        if user is None:
            return False
        return self._node().known_ends.was_disconnected(user, counts_from(user))

    def _is_left(self, names: Sequence[str]) -> bool:
        """Return whether the browser has got another session by now, or is about to."""
        # Where an app does not tell users, this request may be the one that logs somebody in.
        if not (names and identify()):
            return False
        ends, since = self._node().known_ends, arrived_at() - LATE_SECONDS
        # A session that goes on as the same user's is saved for what the request has written there:
        # to renew it would only put it back in the place of the living one.
        renews = not is_session_changed()
        return any(
            ends.was_left(name, since) or (renews and ends.has_just_ended(name, since))
            for name in names
        )
