"""Browser sessions and users that have ended, as a single process remembers them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from ..expiring import ExpiringDict
from ..lifetimes import MOST_LEFT_BY_USER, Lifetimes
from ..subscriptions import Subscription


class EndedSession(NamedTuple):
    """The end of a session that was noted first: see :meth:`.Registry.end_session`.

    :param heir: who may still collect what waits for the session; empty: nobody.
    :param moment: when the session ended, as a moment.
    :param successor: the digest of the session that took its place, or empty.
    """

    heir: str
    moment: int
    successor: str


class MemorySessions:
    """Which sessions had a socket, and which have ended.

    Not safe for threads: the registry holds its lock around every call.
    """

    __slots__ = ("_ended_late", "_ended_soon", "_opened")

    def __init__(self, lifetimes: Lifetimes) -> None:
        # For each session, when its first socket was opened, as a moment.
        self._opened: ExpiringDict[str, int] = ExpiringDict(lifetimes.client)
        # The ends of sessions that had a socket, and the ends of sessions that had none.
        self._ended_late: ExpiringDict[str, EndedSession] = ExpiringDict(lifetimes.client)
        self._ended_soon: ExpiringDict[str, EndedSession] = ExpiringDict(lifetimes.awaited_client)

    def note_socket(self, session: str, moment: int, now: float) -> None:
        """Note that a socket of the session is, or just was, open."""
        self._opened.put(session, self._opened.get(session, now) or moment, now)

    def opened_at(self, session: str, now: float) -> int:
        """Return when the first socket of the session was opened, as a moment; 0: never."""
        return self._opened.get(session, now) or 0

    def end(self, session: str, end: EndedSession, now: float) -> tuple[int, list[str]]:
        """Note an end of the session, and of the successors that a later end has given it.

        :returns: when the session had ended before, as a moment, 0: it had not; and the
            session, followed by the successors that end with it.
        """
        before = self._end_of(session, now)
        ended: list[str] = []
        while session and session not in ended:
            ended.append(session)
            noted = self._note(session, end, now)
            # An end that is told a second time does not end its own successor, which goes on.
            is_other = noted.moment > end.moment and noted.successor != end.successor
            session = noted.successor if is_other else ""
            end = EndedSession("", end.moment, "")
        return 0 if before is None else before.moment, ended

    def heir(self, session: str, now: float) -> str | None:
        """Return the heir of a session that has ended.

        Empty if it has no heir; None if the session has not ended.
        """
        end = self._end_of(session, now)
        return None if end is None else end.heir

    def has_ended(self, sessions: Collection[str], heir: str, now: float) -> bool:
        """Return whether any of the sessions has ended, other than by the message *heir*."""
        for one in sessions:
            end = self._end_of(one, now)
            if end is not None and not (heir and end.heir == heir):
                return True
        return False

    def drop_expired(self, now: float, most: int) -> bool:
        """Forget what has expired, about *most* of each kind; True if there may be more."""
        dropped = [
            len(one.pop_expired(now, most))
            for one in (self._opened, self._ended_late, self._ended_soon)
        ]
        return max(dropped) >= most

    def _note(self, session: str, end: EndedSession, now: float) -> EndedSession:
        """Note *end* unless another end was noted before; return the end that is noted now."""
        noted = self._end_of(session, now) or end
        if noted.moment > end.moment and noted.heir != end.heir:
            noted = noted._replace(heir="")
        ended = self._ended_late if self._opened.get(session, now) else self._ended_soon
        ended.put(session, noted, now)
        return noted

    def _end_of(self, session: str, now: float) -> EndedSession | None:
        return self._ended_late.get(session, now) or self._ended_soon.get(session, now)


class MemoryUser:
    """When one user was disconnected, or put out of channels, as a moment; 0: never."""

    __slots__ = ("_forgotten", "_left", "ended")

    def __init__(self) -> None:
        self.ended = 0
        self._left: dict[str, int] = {}
        # When the user counts as put out of every channel, since older moments were forgotten.
        self._forgotten = 0

    def __len__(self) -> int:
        """Return the number of channels whose moment is known."""
        return len(self._left)

    def leave(self, channel: str, moment: int, is_now: bool = False) -> int:
        """Note that the user was put out of a channel; return when.

        :param is_now: whether this has just happened, and so behind what the user has asked for
            since the last time: see :meth:`MemoryUsers.asked_for`.
        """
        before = self._left.get(channel, 0)
        moment = max(moment, before + 1) if is_now else moment
        self._left[channel] = max(moment, before)
        if len(self._left) > MOST_LEFT_BY_USER:
            self._forget_older_half()
        return moment

    def left_at(self, channel: str) -> int:
        """Return when the user was last put out of a channel."""
        return max(self._left.get(channel, 0), self._forgotten)

    def _forget_older_half(self) -> None:
        moments = sorted(self._left.values())
        self._forgotten = max(self._forgotten, moments[len(moments) // 2])
        self._left = {name: at for name, at in self._left.items() if at > self._forgotten}


class MemoryUsers:
    """The users that were disconnected or put out of channels.

    Not safe for threads: the registry holds its lock around every call.
    """

    __slots__ = ("_users",)

    def __init__(self, lifetimes: Lifetimes) -> None:
        self._users: ExpiringDict[str, MemoryUser] = ExpiringDict(lifetimes.client)

    def end(self, user: str, moment: int, now: float) -> None:
        """Note that the user's clients have ended."""
        one = self._kept(user, now)
        one.ended = max(moment, one.ended)

    def leave(self, user: str, channel: str, moment: int, now: float, is_now: bool = False) -> int:
        """Note that the user's clients have left a channel: see :meth:`MemoryUser.leave`."""
        return self._kept(user, now).leave(channel, moment, is_now)

    def asked_for(
        self, user: str | None, channels: Iterable[str], present: int, now: float
    ) -> dict[str, int]:
        """Return, for each of some channels that a user asks for now, when that is.

        It is the *present* moment, or a later one if the user was put out of the channel in the
        same ms.

        :param user: None: a stranger.
        """
        one = None if user is None else self._users.get(user, now)
        if one is None:
            return dict.fromkeys(channels, present)
        return {name: max(present, one.left_at(name) + 1) for name in channels}

    def ended_at(self, user: str, now: float) -> int:
        """Return when the user was last disconnected, as a moment; 0: never."""
        one = self._users.get(user, now)
        return 0 if one is None else one.ended

    def lost(self, user: str, subscriptions: Mapping[str, Subscription], now: float) -> list[str]:
        """Return the channels that the user was put out of after a client asked for them."""
        one = self._users.get(user, now)
        if one is None:
            return []
        return [name for name, on in subscriptions.items() if on.asked <= one.left_at(name)]

    def left_since(self, user: str, asked: Mapping[str, int], now: float) -> list[str]:
        """Return the channels that the user was put out of after a moment.

        :param asked: the moments, by channel.
        """
        one = self._users.get(user, now)
        if one is None:
            return []
        return [name for name, moment in asked.items() if one.left_at(name) > moment]

    def drop_expired(self, now: float, most: int) -> bool:
        """Forget what has expired, about *most*; return True if there may be more."""
        return len(self._users.pop_expired(now, most)) >= most

    def _kept(self, user: str, now: float) -> MemoryUser:
        one = self._users.get(user, now)
        if one is None:
            one = MemoryUser()
        self._users.put(user, one, now)
        return one
