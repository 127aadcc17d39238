"""Browser sessions whose end this process knows of, whatever the registry could take note of."""

from __future__ import annotations

import threading
from typing import NamedTuple

from ..registries.expiring import ExpiringDict
from ..threads import clock

# Hardly ever is a message handled, or a handshake under way, for longer than this.
KNOWN_SECONDS = 600.0
MOST_KNOWN = 10_000
# A form that is sent twice, by two clicks or since no answer came, is sent twice within this time.
JUST_SECONDS = 60.0
#: The age that an end is taken to have if only this process knows it.
LONG_AGO_MS = 3_600_000


class KnownEnd(NamedTuple):
    """An end of a browser session.

    :param heir: the name of the message that has ended the session itself, else empty.
    :param moment: when it ended, by :func:`.clock.monotonic`.
    :param left_at: when the browser has got another session for certain, since it is another
        user's or nobody's; None: the same user's session may go on with its former key.
    """

    heir: str
    moment: float
    left_at: float | None = None


class KnownEnds:
    """The browser sessions that have ended lately, as this process was told.

    The registry knows all that have ended, but it may be away, or refuse to note an end.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ends: ExpiringDict[str, KnownEnd] = ExpiringDict(KNOWN_SECONDS)
        # When users were last disconnected, by users as orders name them.
        self._users: ExpiringDict[str, float] = ExpiringDict(KNOWN_SECONDS)

    def note(self, session: str, heir: str = "") -> None:
        """Note that this process has ended a session; a later call changes no heir.

        :param session: the session's digest.
        :param heir: the name of the message that has ended the session itself, else empty.
        """
        with self._lock:
            now = clock.monotonic()
            if self._ends.get(session, now) is None:
                self._put(session, KnownEnd(heir, now), now)

    def note_order(self, session: str, is_left: bool) -> None:
        """Note that some process has ended a session.

        :param is_left: whether the browser has got another session, as in :meth:`leave`.
        """
        with self._lock:
            now = clock.monotonic()
            found = self._ends.get(session, now)
            if found is None or (is_left and found.left_at is None):
                known = found or KnownEnd("", now)
                self._put(session, known._replace(left_at=now if is_left else None), now)

    def leave(self, session: str) -> None:
        """Note that this process gives another session to the browser of one that has ended."""
        with self._lock:
            now = clock.monotonic()
            found = self._ends.get(session, now) or KnownEnd("", now)
            self._put(session, found._replace(left_at=now), now)

    def note_user(self, user: str) -> None:
        """Note that some process has had all sockets of a user come back, or has ended them."""
        with self._lock:
            now = clock.monotonic()
            self._users.put_among(user, now, now, MOST_KNOWN)

    def was_disconnected(self, user: str, since: float) -> bool:
        """Return whether a user's sockets are known to have been closed since a moment."""
        with self._lock:
            moment = self._users.get(user, clock.monotonic())
        return moment is not None and moment >= since

    def has_ended(self, session: str, heir: str = "") -> bool:
        """Return whether a session is known to have ended, other than by the message *heir*."""
        with self._lock:
            found = self._ends.get(session, clock.monotonic())
        return found is not None and not (found.heir and found.heir == heir)

    def has_just_ended(self, session: str, since: float | None = None) -> bool:
        """Return whether a session is known to have ended lately.

        :param since: a moment, by :func:`.clock.monotonic`; None: ``JUST_SECONDS`` ago.
        """
        with self._lock:
            now = clock.monotonic()
            found = self._ends.get(session, now)
        if found is None:
            return False
        return now - found.moment < JUST_SECONDS if since is None else found.moment >= since

    def was_left(self, session: str, since: float) -> bool:
        """Return whether a browser is known to have got another session since a moment."""
        with self._lock:
            found = self._ends.get(session, clock.monotonic())
        return found is not None and found.left_at is not None and found.left_at >= since

    def _put(self, session: str, end: KnownEnd, now: float) -> None:
        self._ends.put_among(session, end, now, MOST_KNOWN)
