"""Ends of sessions and users that wait for the registry, in the order in which they are told."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace

from ..errors import CloseCode
from ..registries.records import Disconnect, End, SessionEnd, UserEnd
from ..threads import clock

# Some 40 MB. A process that is killed would lose them all.
MOST_WAITING = 100_000


class WaitingEnd:
    """An end that waits.

    :param end: the end of a session, a user or a client, or an order to close sockets.
    :param moment: when the end was asked for, by :func:`.clock.monotonic`; None: now.
    :ivar was_told: whether the other processes may know of it already: nothing is gained by telling
        it again before the ends that stand in front of it are noted.
    :ivar ended_ago: for the end of a session, how many ms ago the session had ended before, as the
        registry has said, 0: it had not; None: the registry has not said so yet.
    :ivar is_done: set once the end waits no longer.
    """

    __slots__ = ("end", "ended_ago", "is_done", "moment", "was_told")

    def __init__(self, end: End, moment: float | None = None) -> None:
        self.end: End = end
        self.moment = clock.monotonic() if moment is None else moment
        self.was_told = False
        self.ended_ago: int | None = None
        self.is_done: threading.Event | None = None

    def drop_successor(self) -> None:
        """Have the end of a session name no successor, since nobody gets its key.

        A session that is ended again and again waits once then. The end of a session by a message
        keeps its successor, since the browser may still fetch it.
        """
        if isinstance(self.end, SessionEnd) and not self.end.heir:
            self.end = replace(self.end, successor="")

    @property
    def is_order(self) -> bool:
        """Whether it closes sockets. All others are for the registry to note."""
        return isinstance(self.end, Disconnect)

    @property
    def name(self) -> str:
        """The session or user, or the client, that the end is about."""
        end = self.end
        if isinstance(end, SessionEnd):
            return end.session
        if isinstance(end, UserEnd):
            return end.user
        return end.session or end.user or end.digest or ""


def without_leaves(
    dropped: Sequence[WaitingEnd],
) -> tuple[list[WaitingEnd], list[WaitingEnd]]:
    """Have all present pages of users end in place of leaves that are too many to wait.

    :param dropped: what waits no longer.
    :returns: what is to wait in place of the leaves among *dropped*, two ends for each user; and
        the others.
    """
    moments: dict[str, float] = {}
    others: list[WaitingEnd] = []
    for one in dropped:
        if isinstance(one.end, UserEnd) and one.end.channel is not None:
            moments[one.name] = max(one.moment, moments.get(one.name, one.moment))
        else:
            others.append(one)
    ends = [
        WaitingEnd(end, moment)
        for user, moment in moments.items()
        for end in (UserEnd(user), Disconnect(user=user, code=CloseCode.SERVICE_RESTART))
    ]
    return ends, others


#: The ends of one session, user or client that wait, in the order in which they were asked for.
_Group = dict[End, WaitingEnd]


class WaitingEnds:
    """Ends of one kind that wait, grouped by the session, user or client that they are about.

    The groups take turns: one that was tried stands behind all others.

    :param most_of_one: how many ends may wait in one group; None: no limit.
    """

    def __init__(self, most_of_one: int | None = None) -> None:
        self._most_of_one = most_of_one
        self._lock = threading.Lock()
        self._groups: dict[str, _Group] = {}
        # The names of the groups with an end that came since they were last tried: only the keys of
        # this dict count.
        self._new: dict[str, None] = {}
        self._count = 0

    def __len__(self) -> int:
        """Return how many ends wait."""
        return self._count

    @property
    def groups(self) -> int:
        """The number of sessions, users and clients whose ends wait."""
        return len(self._groups)

    @property
    def has_new(self) -> bool:
        """Whether there is a group with an end that came since the group was last tried."""
        return bool(self._new)

    def add(self, one: WaitingEnd) -> Sequence[WaitingEnd]:
        """Let an end wait, and return those that wait no longer because there are too many.

        One that waits already is told again, and waits once. A group with too many ends is dropped
        whole. If ``MOST_WAITING`` are too few for all groups, the largest are dropped first, so
        that nobody pushes others out who has many; of equally large ones those go that were not
        tried for longest.
        """
        with self._lock:
            group = self._groups.setdefault(one.name, {})
            self._count += one.end not in group
            before = group.pop(one.end, one)
            # A session that is ended twice ended the first time. Where a user's pages are ended
            # twice, those that were opened in between end as well, so that the last time counts.
            which = min if isinstance(one.end, SessionEnd) else max
            one.moment = which(one.moment, before.moment)
            # A caller that waits for the first of the two hears what becomes of the second.
            one.is_done = before.is_done or one.is_done
            group[one.end] = one
            self._new[one.name] = None
            if self._most_of_one is not None and len(group) > self._most_of_one:
                return self._drop_group(one.name)
            # Many at once, so that the log tells of it seldom.
            return self._drop(MOST_WAITING // 10 or 1) if self._count > MOST_WAITING else ()

    def remove(self, one: WaitingEnd) -> None:
        """Remove an end, unless it was asked for once more since."""
        with self._lock:
            if self._groups.get(one.name, {}).get(one.end) is one:
                self._remove(one)

    def of(self, name: str) -> Sequence[End]:
        """Return the ends of a session, user or client that wait."""
        with self._lock:
            return tuple(self._groups.get(name, ()))

    def next(self, is_new: bool) -> Sequence[WaitingEnd]:
        """Return the ends of the group whose turn it is, and put the group behind all others.

        :param is_new: whether it is to be one with an end that came since it was last tried.
        """
        with self._lock:
            name = next(iter(self._new if is_new else self._groups), None)
            if name is None:
                return ()
            self._new.pop(name, None)
            group = self._groups[name] = self._groups.pop(name)
            return tuple(group.values())

    # Within the lock.

    def _drop(self, count: int) -> Sequence[WaitingEnd]:
        dropped: list[WaitingEnd] = []
        for name in sorted(self._groups, key=lambda one: -len(self._groups[one])):
            if len(dropped) >= count:
                break
            dropped += self._drop_group(name)
        return dropped

    def _drop_group(self, name: str) -> Sequence[WaitingEnd]:
        group = self._groups.pop(name)
        self._new.pop(name, None)
        self._count -= len(group)
        return tuple(group.values())

    def _remove(self, one: WaitingEnd) -> None:
        group = self._groups[one.name]
        del group[one.end]
        self._count -= 1
        if not group:
            del self._groups[one.name]
            self._new.pop(one.name, None)
