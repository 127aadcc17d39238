"""Sessions that have ended, and that their browser still has.

A tab may die between the reply to a call that ends the session and its fetch of the changes; and an
answer that comes behind that to a log-out may bring the former session back. No page of the browser
gets a socket then. A page whose socket is turned away once more behind a reload says so at the
session path, and the browser is logged out: whoever has a copy of an ended cookie gains nothing by
that.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from flask import Response, request, session

from ..errors import CloseCode
from ..page.client import session_names
from ..page.former_session import session_as_it_came
from ..page.sessions import value_in
from ..registries.base import Registry
from ..threads import clock
from .begun_at_once import SESSION_HEADER
from .known_ends import KnownEnds
from .late_answers import LATE_SECONDS
from .remember_cookie import delete_remembering

# What such a page sends in place of what a reply has told it: the code by which it was turned away.
_TURNED_AWAY = str(int(CloseCode.SESSION_CHANGED))


class NodeOfEnded(Protocol):
    """The part of this process's :class:`.Node` that is needed here."""

    @property
    def known_ends(self) -> KnownEnds:
        """The sessions whose end this process knows of."""

    @property
    def registry(self) -> Registry:
        """Which knows when a session has ended."""

    def has_ended(self, sessions: Sequence[str], heir: str) -> bool | None:
        """Return whether any of the sessions has ended; None: that is not known."""

    def has_just_ended(self, sessions: Sequence[str], since: float | None = None) -> bool:
        """Return whether any of the sessions is known to have ended since a moment."""


def is_kept(node: NodeOfEnded) -> bool | None:
    """Return whether the browser has kept a session that has ended, as its page suspects.

    None: ask again, since that is not known, or since the answer may be under way that brings the
    browser another session, or the page that is to fetch that.

    :raises RegistryUnavailable: if the registry does not tell when it has ended.
    """
    names = session_names()
    if request.headers.get(SESSION_HEADER) != _TURNED_AWAY or not names:
        return False
    has_ended = node.has_ended(names, "")
    if not has_ended:
        return has_ended
    since = clock.monotonic() - LATE_SECONDS
    # The answer to a log-in or log-out that came with this ended session may be under way, however
    # long ago it ended.
    if any(node.known_ends.was_left(name, since) for name in names):
        return None
    # To end it once more changes nothing, and tells when it has ended. The process is not told: it
    # would take the answers to all requests under way for late ones.
    ended_ago = [ago for ago in map(node.registry.end_session, names) if ago]
    if ended_ago:
        return min(ended_ago) >= LATE_SECONDS * 1000 or None
    # This process alone knew of the end.
    return not node.has_just_ended(names, since) or None


def log_out(response: Response) -> None:
    """Log the browser out of the session that has ended."""
    had_user = value_in(session_as_it_came(is_deep=False), "_user_id")
    session.clear()
    if had_user:
        # Else the cookie is that of a log-in since.
        delete_remembering(response)
