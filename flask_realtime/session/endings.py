"""Carries out ends of sessions and users: in this process at once, elsewhere by the registry."""

from __future__ import annotations

import logging
import threading
from collections import Counter, deque
from collections.abc import Sequence
from typing import Protocol

from ..errors import RegistryUnavailable
from ..registries.base import Registry
from ..registries.records import Disconnect, End, SessionEnd, UserEnd
from ..threads import clock
from ..threads.background import BackgroundThread

logger = logging.getLogger(__name__)

RETRY_SECONDS = 1.0
# A try takes time on a processor. Where thousands wait, they are tried less often.
MOST_RETRY_SECONDS = 10.0
PART_SPENT_ON_RETRIES = 0.2


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
    is taken. Ends that still wait when the process ends are lost, because they wait in its memory.

    :param registry: tells the other processes.
    :param here: acts in this process.
    """

    def __init__(self, registry: Registry, here: ThisProcess) -> None:
        self._registry = registry
        self._here = here
        self._lock = threading.Lock()
        self._queue: deque[_Pending] = deque()
        self._names: Counter[str] = Counter()
        self._wake = threading.Event()
        self._is_closed = False
        self._thread = BackgroundThread("realtime-endings", self._run)

    def run(self, ends: Sequence[End]) -> None:
        """Carry out *ends*, in their order. Never raises an exception."""
        for end in ends:
            self._act_here(end)
        pending = [_Pending(end) for end in ends]
        # While others wait, nothing is tried on the caller's thread: each try may take a timeout.
        if not self._queue:
            while pending and self._is_taken(pending[0].end, logging.WARNING):
                pending.pop(0)
        if pending:
            with self._lock:
                self._queue.extend(pending)
                self._names.update(one.name for one in pending if one.is_lasting)
            self._thread.start()
            self._wake.set()

    def is_pending(self, name: str) -> bool:
        """Return whether the registry has yet to note the end of a session, or of a user.

        :param name: the session's digest, or the user, as :func:`.user_of` writes it.
        """
        return name in self._names

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

    def _run(self) -> None:
        retry_at = clock.monotonic()
        while not self._is_closed:
            is_retry = clock.monotonic() >= retry_at
            self._try_all(is_retry)
            if is_retry:
                spent = clock.monotonic() - retry_at
                pause = min(spent / PART_SPENT_ON_RETRIES, MOST_RETRY_SECONDS)
                retry_at = clock.monotonic() + max(RETRY_SECONDS, pause)
            self._wake.wait(max(0.0, retry_at - clock.monotonic()) if self._queue else None)
            self._wake.clear()

    def _try_all(self, is_retry: bool) -> None:
        """Try each end that waits; unless *is_retry*, those that were not tried here before."""
        # The names of those whose end the registry has not noted.
        unnoted: set[str] = set()
        for one in tuple(self._queue):
            # A page could come back before its end is noted: its socket is closed once more then.
            comes_early = isinstance(one.end, Disconnect) and one.name in unnoted
            is_due = is_retry or not one.is_tried
            if is_due and not (comes_early and one.is_taken):
                one.is_tried = True
                one.is_taken = self._is_taken(one.end, logging.DEBUG)
            if one.is_taken and not comes_early:
                self._remove(one)
            elif one.is_lasting:
                unnoted.add(one.name)

    def _remove(self, one: _Pending) -> None:
        with self._lock:
            self._queue.remove(one)
            if one.is_lasting:
                self._names[one.name] -= 1
                self._names += Counter()

    def _is_taken(self, end: End, level: int) -> bool:
        """Tell the registry; return whether it is done, or can never be."""
        try:
            self._tell(end)
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

    def _tell(self, end: End) -> None:
        if isinstance(end, SessionEnd):
            self._registry.end_session(end.session, end.heir)
        elif isinstance(end, UserEnd):
            self._registry.end_user(end.user, end.channel)
        else:
            self._registry.disconnect(end)


class _Pending:
    """An end that waits for the registry.

    :ivar is_tried: whether the background thread has tried it.
    :ivar is_taken: whether the registry has taken it.
    """

    __slots__ = ("end", "is_taken", "is_tried")

    def __init__(self, end: End) -> None:
        self.end = end
        self.is_tried = False
        self.is_taken = False

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
