"""Browser sessions whose end this process knows of, whatever the registry could take note of."""

from __future__ import annotations

import threading

from ..registries.expiring import ExpiringDict
from ..threads import clock

# Longer than a message is handled, or a handshake is under way, in all but the strangest case.
KNOWN_SECONDS = 600.0
MOST_KNOWN = 10_000
# A form that is sent twice, by two clicks or since no answer came, is sent twice within this time.
JUST_SECONDS = 60.0
#: Stands for the age of an end of which only this process knows.
LONG_AGO_MS = 3_600_000


class KnownEnds:
    """The browser sessions that have ended lately, as this process was told.

    The registry knows all that have ended, but it may be away, or refuse to note an end.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        # For each session, its heir and when it ended.
        self._ends: ExpiringDict[str, tuple[str, float]] = ExpiringDict(KNOWN_SECONDS)

    def note(self, session: str, heir: str = "") -> None:
        """Note that a session has ended; a later call changes no heir.

        :param session: the session's digest.
        :param heir: the name of the message that has ended the session itself, else empty.
        """
        with self._lock:
            now = clock.monotonic()
            self._ends.pop_expired(now, 10)
            if self._ends.get(session, now) is None:
                self._ends.put(session, (heir, now), now)
            if len(self._ends) > MOST_KNOWN:
                self._ends.pop_oldest()

    def has_ended(self, session: str, heir: str = "") -> bool:
        """Return whether a session is known to have ended, other than by the message *heir*."""
        with self._lock:
            found = self._ends.get(session, clock.monotonic())
        return found is not None and not (found[0] and found[0] == heir)

    def has_just_ended(self, session: str, since: float | None = None) -> bool:
        """Return whether a session is known to have ended lately.

        :param since: a moment, by :func:`.clock.monotonic`; None: ``JUST_SECONDS`` ago.
        """
        with self._lock:
            now = clock.monotonic()
            found = self._ends.get(session, now)
        if found is None:
            return False
        return now - found[1] < JUST_SECONDS if since is None else found[1] >= since
