"""Browser sessions whose end this process knows of, whatever the registry could take note of."""

from __future__ import annotations

import threading

from ..registries.expiring import ExpiringDict
from ..threads import clock

# Longer than a message is handled, or a handshake is under way, in all but the strangest case.
KNOWN_SECONDS = 600.0
MOST_KNOWN = 10_000


class KnownEnds:
    """The browser sessions that have ended lately, as this process was told.

    The registry knows all that have ended, but it may be away, or refuse to note an end.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._heirs: ExpiringDict[str, str] = ExpiringDict(KNOWN_SECONDS)

    def note(self, session: str, heir: str = "") -> None:
        """Note that a session has ended; a later call changes no heir.

        :param session: the session's digest.
        :param heir: the name of the message that has ended the session itself, else empty.
        """
        with self._lock:
            now = clock.monotonic()
            self._heirs.pop_expired(now, 10)
            if self._heirs.get(session, now) is None:
                self._heirs.put(session, heir, now)
            if len(self._heirs) > MOST_KNOWN:
                self._heirs.pop_oldest()

    def has_ended(self, session: str, heir: str = "") -> bool:
        """Return whether a session is known to have ended, other than by the message *heir*."""
        with self._lock:
            found = self._heirs.get(session, clock.monotonic())
        return found is not None and not (found and found == heir)
