"""Bounds the memory of large replies: few of them are made at one time in a process."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Protocol

from ..threads import clock
from ..threads.arenas import FreeMemory
from ..threads.garbage_collector import without_garbage_collector
from ..threads.pause import let_others_run_behind_app
from ..writing.items import LARGE_REPLY_BYTES
from .call_rules import CallRefused
from .large_messages import LARGE_BYTES
from .memory_budget import MemoryBudget, NotWanted
from .shared_memory_budget import SharedMemoryBudget

# How many bytes the bodies of large replies may have together: those that the app has made, and
# those that it is likely to be making.
BODY_BYTES = 16 * 1024 * 1024
# How many bytes of memory the encoding of large replies may take together.
ENCODING_BYTES = 24 * 1024 * 1024
# A body is in memory so many times while it is encoded: as bytes, as text, as JSON, within the
# reply's JSON, within the WebSocket frame, and once more for what compression takes.
COPIES = 6
# A handler that runs may be waiting for a handler that waits here. So the first in the queue goes
# on once no reply has begun or ended for this number of seconds.
PATIENCE_SECONDS = 1.0
# For how many seconds a message for a handler waits, if a reply that is being read would have to be
# ended for it: as long as 2 MB take over a line of 100 KB/s. The message waits no longer, since a
# peer may read as slowly as it likes.
READERS_SECONDS = 20.0
# How often the message looks whether it still has to wait.
LOOK_SECONDS = 0.25
# After a body of at least so many bytes, the memory of its copies is given back to the operating
# system.
GIVEN_BACK_BYTES = 1024 * 1024


class Asker(Protocol):
    """The socket for which a reply is made."""

    def may_begin(self) -> bool:
        """Return whether the message that the socket has sent may still be handled.

        Called now and then while the message waits.
        """

    def is_waiting(self) -> bool:
        """Return whether the socket still waits for the reply.

        Called now and then once the reply is made.
        """

    def has_room(self, coming: int) -> bool:
        """Return whether there is memory for replies without ending one that is being read.

        :param coming: how many bytes these replies have in all, this socket's among them.
        """

    def owe(self, tokens: int) -> None:
        """Count the message as so many messages more, towards the socket's rate limit."""

    def alone(self) -> AbstractContextManager[None]:
        """Return a context for long work that waits for nothing; one socket is in it at a time."""


class LargeReplies:
    """The memory that the large replies of a process hold until they are sent.

    The size of a reply is not known before the app has made it, and then its memory is taken
    already. So each endpoint is expected to make replies as large as those that it made before.
    """

    def __init__(self) -> None:
        #: The kinds are endpoints, and the work is done for browser sessions.
        self.bodies = SharedMemoryBudget(BODY_BYTES, PATIENCE_SECONDS)
        self.encoding = MemoryBudget(ENCODING_BYTES)
        self.free_memory = FreeMemory()
        self._expected: dict[str, int] = {}

    def expected(self, endpoint: str) -> int:
        """Return how many bytes the next reply of *endpoint* may have; 0: it is likely small."""
        return self._expected.get(endpoint, 0)

    def note(self, endpoint: str, size: int) -> None:
        """Note that *endpoint* has made a reply of *size* bytes.

        A smaller reply than expected halves what is expected next time, at most.
        """
        size = max(size, self._expected.get(endpoint, 0) // 2)
        if size >= LARGE_REPLY_BYTES:
            self._expected[endpoint] = size
        else:
            self._expected.pop(endpoint, None)


class ReplyTurn:
    """Waits until there is memory for one reply, and holds that memory until :meth:`end`.

    :param replies: the large replies of the process.
    :param session: the name of the browser session that gets the reply.
    :param asker: the socket that gets the reply; None: one that always waits for it.
    """

    __slots__ = (
        "_asker", "_endpoint", "_expected", "_made", "_replies", "_session", "_size", "_taken",
    )  # fmt: skip

    def __init__(self, replies: LargeReplies, session: str, asker: Asker | None = None) -> None:
        self._replies = replies
        self._session = session
        self._asker = asker
        self._endpoint = ""
        self._expected = self._made = self._size = 0
        self._taken: ExitStack | None = None

    @property
    def has_begun(self) -> bool:
        """Whether a handler or a view of the app was to make the reply."""
        return bool(self._endpoint)

    def begin(self, endpoint: str) -> None:
        """Wait until *endpoint* may make a reply as large as its replies before.

        Before that, wait for a while if replies that are being read would be ended for this one.

        :raises NotWanted: if the reply may not be made any more.
        """
        self._wait_for_readers(self._replies.expected(endpoint))
        self._begin(endpoint)

    @contextmanager
    def reading(self, size: int) -> Iterator[None]:
        """Make a request of a message in the ``with`` block, which must not wait for anything.

        Large messages take their turns, and let others run in between.

        :param size: how many bytes the message has.
        """
        if self._asker is None or size < LARGE_BYTES:
            yield
            return
        with self._asker.alone(), without_garbage_collector():
            yield

    def owe(self, tokens: int) -> None:
        """Count the message that is answered as so many messages more than its size says."""
        if tokens and self._asker is not None:
            self._asker.owe(tokens)

    def begin_call(self, endpoint: str) -> None:
        """Do what :meth:`begin` does for a call, which a client makes by HTTP rather than wait for
        those who read.

        :raises NotWanted: if the reply may not be made any more.
        :raises CallRefused: if the reply is likely to be large, and others are being read that
            would have to be ended for it.
        """
        self._begin(endpoint)
        coming = self._replies.bodies.taken
        if self._expected and self._asker is not None and not self._asker.has_room(coming):
            raise CallRefused("Many large replies are being read; fetch this by HTTP.")

    def count(self, size: int, *, is_typical: bool) -> None:
        """Count a body of *size* bytes that the app has made, or is making.

        :param is_typical: whether other replies of the endpoint are likely to be as large. The
            sizes of errors and redirects say nothing about its other replies.
        """
        if is_typical:
            self._replies.note(self._endpoint, size)
        if size >= LARGE_REPLY_BYTES:
            self._made = max(0, size - self._expected)
            self._replies.bodies.add(self._made, self._endpoint, self._session)

    def encode(self, size: int) -> None:
        """Wait until a body of *size* bytes may be encoded.

        Between this and :meth:`end` the caller must neither run code of the app nor ask the
        registry: whatever waits there could wait for a reply that waits here, for ever.

        :raises NotWanted: if nobody waits for the reply any more.
        """
        if size >= LARGE_REPLY_BYTES:
            self._size = size
            is_wanted = None if self._asker is None else self._asker.is_waiting
            self._take(self._replies.encoding.take(size * COPIES, is_wanted=is_wanted))

    def end(self) -> None:
        """Give the memory to other replies. Call it when the reply is sent, or will not be."""
        if self._size:
            # Others run before the turn is given back: greenlets that wait for the turn would run
            # one after the other, 20 ms each, before any other does.
            let_others_run_behind_app()
        if self._made:
            self._replies.bodies.add(-self._made, self._endpoint, self._session)
        if self._taken is not None:
            self._taken.close()
        if self._size >= GIVEN_BACK_BYTES:
            self._replies.free_memory.give_back()

    def _begin(self, endpoint: str) -> None:
        self._endpoint = endpoint
        self._expected = size = self._replies.expected(endpoint)
        if size:
            may_begin = None if self._asker is None else self._asker.may_begin
            self._take(self._replies.bodies.take(size, endpoint, self._session, may_begin))

    def _wait_for_readers(self, expected: int) -> None:
        asker, until = self._asker, clock.monotonic() + READERS_SECONDS
        if not expected or asker is None:
            return
        while not asker.has_room(self._replies.bodies.taken + expected):
            if not asker.may_begin():
                raise NotWanted
            if clock.monotonic() >= until:
                return
            time.sleep(LOOK_SECONDS)

    def _take(self, taking: AbstractContextManager[None]) -> None:
        if self._taken is None:
            self._taken = ExitStack()
        self._taken.enter_context(taking)
