"""Browser sessions and users that have ended, as a single process remembers them."""

from __future__ import annotations

from collections.abc import Mapping

from ..expiring import ExpiringDict
from ..lifetimes import Lifetimes
from ..subscriptions import Subscription


class MemorySessions:
    """Which sessions had a socket, and which have ended.

    Not safe for threads: the registry holds its lock around every call.
    """

    __slots__ = ("_ended_late", "_ended_soon", "_opened")

    def __init__(self, lifetimes: Lifetimes) -> None:
        # For each session, when its first socket was opened, in ms since 1970.
        self._opened: ExpiringDict[str, int] = ExpiringDict(lifetimes.client)
        # For each ended session its heir: of sessions that had a socket, and of those that had
        # none.
        self._ended_late: ExpiringDict[str, str] = ExpiringDict(lifetimes.client)
        self._ended_soon: ExpiringDict[str, str] = ExpiringDict(lifetimes.awaited_client)

    def note_socket(self, session: str, moment: int, now: float) -> None:
        """Note that a socket of the session is, or just was, open."""
        self._opened.put(session, self._opened.get(session, now) or moment, now)

    def opened_at(self, session: str, now: float) -> int:
        """Return when the first socket of the session was opened, in ms since 1970; 0: never."""
        return self._opened.get(session, now) or 0

    def end(self, session: str, heir: str, now: float) -> bool:
        """Note that the session has ended; return False if that was known already."""
        before = self.heir(session, now)
        ended = self._ended_late if self._opened.get(session, now) else self._ended_soon
        ended.put(session, heir if before is None else before, now)
        return before is None

    def heir(self, session: str, now: float) -> str | None:
        """Return the heir of a session that has ended.

        Empty if it has no heir; None if the session has not ended.
        """
        heir = self._ended_late.get(session, now)
        return self._ended_soon.get(session, now) if heir is None else heir

    def drop_expired(self, now: float, most: int) -> bool:
        """Forget what has expired, about *most* of each kind; True if there may be more."""
        dropped = [
            len(one.pop_expired(now, most))
            for one in (self._opened, self._ended_late, self._ended_soon)
        ]
        return max(dropped) >= most


class MemoryUsers:
    """When users were disconnected or put out of channels, in ms since 1970.

    Not safe for threads: the registry holds its lock around every call.
    """

    __slots__ = ("_ended", "_left")

    def __init__(self, lifetimes: Lifetimes) -> None:
        self._ended: ExpiringDict[str, int] = ExpiringDict(lifetimes.client)
        self._left: ExpiringDict[tuple[str, str], int] = ExpiringDict(lifetimes.client)

    def end(self, user: str, moment: int, now: float) -> None:
        """Note that the user's clients have ended."""
        self._ended.put(user, max(moment, self.ended_at(user, now)), now)

    def leave(self, user: str, channel: str, moment: int, now: float) -> None:
        """Note that the user's clients have left a channel."""
        before = self._left.get((user, channel), now) or 0
        self._left.put((user, channel), max(moment, before), now)

    def ended_at(self, user: str, now: float) -> int:
        """Return when the user was last disconnected, in ms since 1970; 0: never."""
        return self._ended.get(user, now) or 0

    def lost(self, user: str, subscriptions: Mapping[str, Subscription], now: float) -> list[str]:
        """Return the channels that the user was put out of after a client subscribed to them."""
        return [
            name
            for name, one in subscriptions.items()
            if one.moment <= (self._left.get((user, name), now) or 0)
        ]

    def left_since(self, user: str, asked: Mapping[str, int], now: float) -> list[str]:
        """Return the channels that the user was put out of after a moment.

        :param asked: the moments, by channel.
        """
        return [
            name
            for name, moment in asked.items()
            if (self._left.get((user, name), now) or 0) > moment
        ]

    def drop_expired(self, now: float, most: int) -> bool:
        """Forget what has expired, about *most* of each kind; True if there may be more."""
        dropped = (self._ended.pop_expired(now, most), self._left.pop_expired(now, most))
        return max(map(len, dropped)) >= most
