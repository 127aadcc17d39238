"""Carries out ends of sessions and users: in this process at once, elsewhere by the registry."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from typing import Protocol

from ..registries.base import Registry
from ..registries.lifetimes import MOST_LEFT_BY_USER
from ..registries.records import Disconnect, End, SessionEnd, UserEnd
from ..threads import clock
from ..threads.background import BackgroundThread
from .end_reports import EndReports
from .waiting_ends import MOST_WAITING, WaitingEnd, WaitingEnds, without_leaves

logger = logging.getLogger(__name__)

RETRY_SECONDS = 1.0
# How long ends of one kind are told before it is the turn of the next.
TURN_SECONDS = 0.2


class ThisProcess(Protocol):
    """What :class:`Endings` has done in this process. None of it blocks, and none raises."""

    def end_session(self, session: str, heir: str) -> None:
        """Let no page of the session connect to this process any more."""

    def disconnect(self, order: Disconnect) -> None:
        """Close the sockets of this process that *order* names."""

    def unsubscribe(self, user: str, channel: str, when: int | None) -> None:
        """Take the pages of a user that are open in this process off a channel.

        :param when: None: the registry is about to be told of it.
        """


class Endings:
    """Carries out what ends sessions, users and subscriptions.

    A log-out or a ban must not fail, nor wait, because Redis is away or refuses to write. This
    process acts at once, without the registry. The registry is told next, and so are all other
    processes. What it does not take is tried again in the background until it is taken: bans first,
    then who was put out of channels, then sessions. Each of the three has a queue of its own, so
    that visitors who log out, or who leave channels, hold up no ban and push none out. Ends that
    still wait when the process ends are lost, because they wait in its memory; so are some
    of more than ``MOST_WAITING`` in one queue. Of a user who was put out of too many channels
    meanwhile, all present pages end in place of that, and have to be loaded anew.

    :param registry: tells the other processes.
    :param here: acts in this process.
    """

    def __init__(self, registry: Registry, here: ThisProcess) -> None:
        self._reports = EndReports(registry)
        self._here = here
        self._bans = WaitingEnds()
        self._leaves = WaitingEnds(MOST_LEFT_BY_USER)
        self._sessions = WaitingEnds()
        # In the order in which they are told.
        self._queues = (self._bans, self._leaves, self._sessions)
        # The users whose ban is told on a caller's thread right now.
        self._banned_now: list[str] = []
        self._wake = threading.Event()
        self._is_closed = False
        self._thread = BackgroundThread("realtime-endings", self._run)

    def run(self, ends: Sequence[End]) -> int | None:
        """Carry out *ends*, in their order. Raises no exception of its own.

        An exception that ends the caller's greenlet, such as :exc:`gevent.Timeout`, goes through;
        what was not carried out then is carried out in the background.

        :returns: how many ms ago one of the sessions had ended, at least 1; 0 if none had ended;
            None if that is not known.
        """
        all_ends = [WaitingEnd(end) for end in ends]
        waiting = list(all_ends)
        banned = [one.name for one in waiting if one.end == UserEnd(one.name)]
        self._banned_now += banned
        try:
            for one in waiting:
                self._act_here(one.end)
            if self._may_try(waiting):
                while waiting and self._reports.is_taken(waiting[0], logging.WARNING):
                    waiting.pop(0)
        finally:
            if waiting:
                for one in waiting:
                    one.drop_successor()
                self._let_wait(waiting)
            for user in banned:
                self._banned_now.remove(user)
        told = [one.ended_ago for one in all_ends if isinstance(one.end, SessionEnd)]
        return min((ago for ago in told if ago), default=None if None in told else 0)

    def run_within(self, ends: Sequence[End], seconds: float) -> None:
        """Carry out *ends*, and wait for that no longer than some seconds.

        What is not carried out then is carried out in the background, as by :meth:`run`.
        """
        waiting = [WaitingEnd(end) for end in ends]
        for one in waiting:
            one.is_done = threading.Event()
            self._act_here(one.end)
        self._let_wait(waiting)
        until = clock.monotonic() + seconds
        for one in waiting:
            if one.is_done is not None:
                one.is_done.wait(max(0.0, until - clock.monotonic()))

    def is_pending(self, user: str) -> bool:
        """Return whether the registry has yet to note an end of a user.

        :param user: the user, as :func:`.user_of` writes it.
        """
        is_banned = user in self._banned_now or UserEnd(user) in self._bans.of(user)
        return is_banned or bool(self._leaves.of(user))

    def has_ended(self, session: str, heir: str = "") -> bool:
        """Return whether the registry has yet to note the end of a session.

        :param session: the session's digest.
        :param heir: the name of a message: a session that the message has ended itself does not
            count.
        """
        ends = self._sessions.of(session)
        found = next((end.heir for end in ends if isinstance(end, SessionEnd)), None)
        return found is not None and not (found and found == heir)

    def close(self) -> None:
        """End the thread; what waits is dropped."""
        self._is_closed = True
        self._wake.set()

    def _may_try(self, ends: Sequence[WaitingEnd]) -> bool:
        """Return whether *ends* are told on the caller's thread.

        Not while the registry is away, since a try may take a timeout; and not before others about
        the same session or user, which keep their order.
        """
        if self._reports.is_away and any(self._queues):
            return False
        return not any(self._queue_of(one.end).of(one.name) for one in ends)

    def _act_here(self, end: End) -> None:
        if isinstance(end, SessionEnd):
            self._here.end_session(end.session, end.heir)
        elif isinstance(end, Disconnect):
            self._here.disconnect(end)
        elif end.channel is not None:
            self._here.unsubscribe(end.user, end.channel, None)

    def _let_wait(self, waiting: Sequence[WaitingEnd]) -> None:
        dropped = [lost for one in waiting for lost in self._queue_of(one.end).add(one)]
        ends, others = without_leaves(dropped)
        others += [lost for one in ends for lost in self._bans.add(one)]
        if ends:
            logger.warning(
                "%d users were removed from too many channels to send each removal to the "
                "registry: their open pages have to reload instead.",
                len(ends) // 2,
            )
        if others:
            logger.error(
                "%d ends of sessions or users will not reach other processes, because more than %d "
                "were waiting for the registry.",
                len(others),
                MOST_WAITING,
            )
        try:
            self._thread.start()
        except RuntimeError:
            logger.exception(
                "Ends of sessions and users are not sent to other processes yet, because no "
                "thread can be started."
            )
        self._wake.set()

    def _queue_of(self, end: End) -> WaitingEnds:
        if isinstance(end, UserEnd) and end.channel is not None:
            return self._leaves
        if isinstance(end, SessionEnd) or end.user is None:
            return self._sessions
        return self._bans

    def _run(self) -> None:
        retry_at = clock.monotonic()
        while not self._is_closed:
            began = clock.monotonic()
            is_retry = began >= retry_at
            if is_retry:
                retry_at = began + RETRY_SECONDS
            refusals, has_more = self._reports.refusals, False
            try:
                for queue in self._queues:
                    # A time for each: one user may leave thousands of channels, again and again.
                    has_more |= self._take_turn(queue, clock.monotonic() + TURN_SECONDS, is_retry)
            except Exception:
                logger.exception(
                    "Sending ends of sessions and users to the registry failed; it will be tried "
                    "again."
                )
            if is_retry and refusals == self._reports.refusals:
                self._reports.is_away = False
                # The registry takes all: only the time was over for those that still wait.
                retry_at = clock.monotonic() if has_more else retry_at
            seconds = max(0.0, retry_at - clock.monotonic())
            self._wake.wait(seconds if any(self._queues) else None)
            self._wake.clear()

    def _take_turn(self, queue: WaitingEnds, until: float, is_retry: bool) -> bool:
        """Try the ends in *queue* that are new, and if *is_retry*, all others until one is refused.

        A try may take a timeout, and thousands may wait. Therefore the turn ends at the time
        *until*, after one try at least: then it is the turn of those that come first.

        :returns: whether the turn has ended by that time, and more ends wait.
        """
        others = queue.groups if is_retry else 0
        while queue.has_new:
            self._try(queue, queue.next(is_new=True), until)
            if self._is_over(until):
                return bool(queue)
        for _ in range(others):
            if not self._try(queue, queue.next(is_new=False), until):
                return False
            if self._is_over(until):
                return bool(queue)
        return False

    def _is_over(self, until: float) -> bool:
        return self._is_closed or clock.monotonic() >= until

    def _try(self, queue: WaitingEnds, group: Sequence[WaitingEnd], until: float) -> bool:
        """Tell the registry what ends one session or user; return whether it refused nothing."""
        is_refused = False
        for one in group:
            if is_refused and one.was_told:
                continue
            is_taken = self._reports.is_taken(one, logging.DEBUG)
            one.was_told = is_taken or not one.is_order
            # A page could come back before its end is noted: its socket is closed once more then.
            if is_taken and not (is_refused and one.is_order):
                queue.remove(one)
                if one.is_done is not None:
                    one.is_done.set()
            is_refused = is_refused or not is_taken
            if self._is_over(until):
                break
        return not is_refused
