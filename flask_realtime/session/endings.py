"""Carries out ends of sessions and users: in this process at once, elsewhere by the registry."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

from ..errors import CloseCode, RegistryUnavailable
from ..registries.base import Registry
from ..registries.records import LATE_MS, Disconnect, End, SessionEnd, UserEnd, age_in_ms
from ..threads import clock
from ..threads.background import BackgroundThread

logger = logging.getLogger(__name__)

RETRY_SECONDS = 1.0
# A try takes time on a processor. Where thousands wait, they are tried less often.
MOST_RETRY_SECONDS = 10.0
PART_SPENT_ON_RETRIES = 0.2
# Some 40 MB. The oldest are dropped beyond that: a process that is killed would lose them all.
MOST_PENDING = 100_000


class ThisProcess(Protocol):
    """What :class:`Endings` has done in this process. None of it blocks, and none raises."""

    def end_session(self, session: str, heir: str) -> None:
        """Let no page of the session connect to this process any more."""

    def disconnect(self, order: Disconnect) -> None:
        """Close the sockets of this process that *order* names."""

    def unsubscribe(self, user: str, channel: str) -> None:
        """Take the pages of a user that are open in this process off a channel."""


class Endings:
    """Carries out what ends sessions, users and subscriptions.

    A log-out or a ban must not fail, nor wait, because Redis is away or refuses to write. This
    process acts at once, without the registry. The registry is told next, and so are all other
    processes. What it does not take is tried again in the background, each end by itself, until it
    is taken. Ends that still wait when the process ends are lost, because they wait in its memory;
    so are the oldest of more than ``MOST_PENDING``.

    :param registry: tells the other processes.
    :param here: acts in this process.
    """

    def __init__(self, registry: Registry, here: ThisProcess) -> None:
        self._registry = registry
        self._here = here
        self._lock = threading.Lock()
        # In the order in which they are told.
        self._queue: dict[End, _Pending] = {}
        # Those of them that the registry is to remember, by the session or user.
        self._lasting: dict[str, list[End]] = {}
        self._wake = threading.Event()
        self._is_closed = False
        self._thread = BackgroundThread("realtime-endings", self._run)

    def run(self, ends: Sequence[End]) -> None:
        """Carry out *ends*, in their order. Raises no exception of its own.

        An exception that ends the caller's greenlet, such as :exc:`gevent.Timeout`, goes through;
        what was not carried out then is carried out in the background.
        """
        pending = [_Pending(end) for end in ends]
        try:
            for one in pending:
                self._act_here(one.end)
            # While others wait, nothing is tried on the caller's thread: a try may take a timeout.
            if not self._queue:
                while pending and self._is_taken(pending[0], logging.WARNING):
                    pending.pop(0)
        finally:
            if pending:
                self._let_wait(pending)

    def is_pending(self, user: str) -> bool:
        """Return whether the registry has yet to note an end of a user.

        :param user: the user, as :func:`.user_of` writes it.
        """
        with self._lock:
            return any(isinstance(end, UserEnd) for end in self._lasting.get(user, ()))

    def has_ended(self, session: str, heir: str = "") -> bool:
        """Return whether the registry has yet to note the end of a session.

        :param session: the session's digest.
        :param heir: the name of a message: a session that the message has ended itself does not
            count.
        """
        with self._lock:
            ends = self._lasting.get(session, ())
            found = next((end.heir for end in ends if isinstance(end, SessionEnd)), None)
        return found is not None and not (found and found == heir)

    def close(self) -> None:
        """End the thread; what waits is dropped."""
        self._is_closed = True
        self._wake.set()

    def _act_here(self, end: End) -> None:
        if isinstance(end, SessionEnd):
            self._here.end_session(end.session, end.heir)
        elif isinstance(end, Disconnect):
            self._here.disconnect(end)
        elif end.channel is not None:
            self._here.unsubscribe(end.user, end.channel)

    def _let_wait(self, pending: Sequence[_Pending]) -> None:
        with self._lock:
            for one in pending:
                # One that is asked for again while it waits is told again, and waits once.
                self._forget(one.end)
                self._queue[one.end] = one
                if one.is_lasting:
                    self._lasting.setdefault(one.name, []).append(one.end)
            dropped = self._drop_oldest() if len(self._queue) > MOST_PENDING else 0
        if dropped:
            logger.error(
                "%d ends of sessions, users or subscriptions are told to no other process: more "
                "than %d wait for the registry.",
                dropped,
                MOST_PENDING,
            )
        try:
            self._thread.start()
        except RuntimeError:
            logger.exception("Ends of sessions and users wait: no thread can be started to tell.")
        self._wake.set()

    def _drop_oldest(self) -> int:
        # Many at once, so that the log tells of it seldom.
        oldest = tuple(self._queue)[: max(1, MOST_PENDING // 10)]
        for end in oldest:
            self._forget(end)
        return len(oldest)

    def _run(self) -> None:
        retry_at = clock.monotonic()
        while not self._is_closed:
            is_retry = clock.monotonic() >= retry_at
            try:
                self._try_due(is_retry)
            except Exception:
                logger.exception("Ends of sessions and users are told later.")
                is_retry = True
            if is_retry:
                spent = clock.monotonic() - retry_at
                pause = min(spent / PART_SPENT_ON_RETRIES, MOST_RETRY_SECONDS)
                retry_at = clock.monotonic() + max(RETRY_SECONDS, pause)
            self._wake.wait(max(0.0, retry_at - clock.monotonic()) if self._queue else None)
            self._wake.clear()

    def _try_due(self, is_retry: bool) -> None:
        """Try the ends that were not tried here before, and if *is_retry*, all others as well."""
        tried = [one for one in self._waiting() if one.is_tried] if is_retry else []
        self._try_new()
        for one in tried:
            if self._is_closed:
                return
            # It may have been asked for once more meanwhile.
            if self._queue.get(one.end) is one:
                self._try(one)
            # A try may take a timeout, and thousands may wait: what comes meanwhile goes first.
            if self._wake.is_set():
                self._wake.clear()
                self._try_new()

    def _try_new(self) -> None:
        for one in self._waiting():
            if not (one.is_tried or self._is_closed):
                self._try(one)

    def _waiting(self) -> Sequence[_Pending]:
        with self._lock:
            return tuple(self._queue.values())

    def _try(self, one: _Pending) -> None:
        # A page could come back before its end is noted: its socket is closed once more then.
        comes_early = isinstance(one.end, Disconnect) and one.name in self._lasting
        one.is_tried = True
        if not (comes_early and one.is_told_early) and self._is_taken(one, logging.DEBUG):
            one.is_told_early = comes_early
            if not comes_early:
                with self._lock:
                    if self._queue.get(one.end) is one:
                        self._forget(one.end)

    def _forget(self, end: End) -> None:
        one = self._queue.pop(end, None)
        if one is not None and one.is_lasting:
            ends = self._lasting[one.name]
            ends.remove(end)
            if not ends:
                del self._lasting[one.name]

    def _is_taken(self, one: _Pending, level: int) -> bool:
        """Tell the registry; return whether it is done, or can never be."""
        try:
            self._tell(one)
        except RegistryUnavailable as error:
            logger.log(
                level,
                "The end of a session, a user or a subscription holds in this process, and will be "
                "told to the others when the registry takes it: %s",
                error,
            )
            return False
        except Exception:
            logger.exception("The end of a session or user could not be told to the registry.")
        return True

    def _tell(self, one: _Pending) -> None:
        end, age = one.end, age_in_ms(one.moment)
        if isinstance(end, SessionEnd):
            self._registry.end_session(end.session, end.heir)
        elif isinstance(end, UserEnd):
            self._registry.end_user(end.user, end.channel, age)
        elif end.user is not None and age > LATE_MS:
            # The user may have logged in again since. Pages that have ended cannot come back.
            self._registry.disconnect(replace(end, code=CloseCode.SERVICE_RESTART))
        else:
            self._registry.disconnect(end)


class _Pending:
    """An end that waits for the registry.

    :ivar moment: when it was asked for, by :func:`time.monotonic`.
    :ivar is_tried: whether the background thread has tried it.
    :ivar is_told_early: whether the registry has told the others, before the end of the session
        or user could be noted.
    """

    __slots__ = ("end", "is_told_early", "is_tried", "moment")

    def __init__(self, end: End) -> None:
        self.end = end
        self.moment = clock.monotonic()
        self.is_tried = False
        self.is_told_early = False

    @property
    def name(self) -> str:
        """The session or user, or the client, that the end is about."""
        end = self.end
        if isinstance(end, SessionEnd):
            return end.session
        if isinstance(end, UserEnd):
            return end.user
        return end.session or end.user or end.digest or ""

    @property
    def is_lasting(self) -> bool:
        """Whether the registry is to remember it: pages that come later are refused by it."""
        return not isinstance(self.end, Disconnect)
