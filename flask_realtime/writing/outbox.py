"""Keeps what waits to be written to one connection."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from ..protocol.positions import Position
from .fd import MOST_BUFFERS, Buffer, Descriptor
from .frames import Frame
from .items import (
    LARGE_REPLY_BYTES,
    Item,
    bytes_of_replies,
    first_places,
    is_large_reply,
    memory_of,
)
from .owner import Owner

# How often a thread that waits until large replies are gone looks whether they are.
LOOK_SECONDS = 0.25


class Outbox:
    """Frames and replies in the order of writing; any thread appends, only the flusher flushes.

    :param descriptor: the fd to which the outbox is written.
    :param lock: the flusher's lock, which all outboxes share: with a lock for each outbox, every
        delivery would take two locks.
    :param owner: the connection.
    :param deflates: whether the peer takes deflated frames.
    :param limit: how many bytes may wait behind the message that is being sent. Large replies do
        not count: they are bounded by :class:`~.slow_replies.SlowReplies`.
    """

    __slots__ = (
        "_empty", "_head", "_is_blocked", "_is_closed", "_is_retired", "_items", "_lock",
        "_missing", "_weight", "_written", "deflates", "descriptor", "is_scheduled", "limit",
        "owner", "reply_bytes", "send_now",
    )  # fmt: skip

    def __init__(
        self,
        descriptor: Descriptor,
        lock: threading.Lock,
        owner: Owner,
        *,
        deflates: bool,
        limit: int,
    ) -> None:
        self.descriptor = descriptor
        self.deflates = deflates
        self.limit = limit
        #: Replaced by ``NOBODY`` at the end, since it holds the outbox.
        self.owner = owner
        #: Whether the flusher is going to flush this outbox; set by the flusher.
        self.is_scheduled = False
        #: While nothing waits here, the fd's ``send``: the flusher may write a frame without
        #: putting it into the outbox first. Else None.
        self.send_now = descriptor.send_now
        #: How many bytes the replies have that wait here; changed with the lock held.
        self.reply_bytes = 0
        self._lock = lock
        self._items: list[Item] = []
        # How many bytes the kernel has taken of what waited here.
        self._written = 0
        # What is left of the first item, where the kernel has taken a part of it.
        self._head: memoryview | None = None
        self._is_blocked = False
        # About how many bytes of memory all items hold; kept only while the peer is behind.
        self._weight = 0
        self._is_retired = self._is_closed = False
        self._empty: threading.Event | None = None
        self._missing: dict[str, Position] | None = None

    @property
    def has_backlog(self) -> bool:
        """Whether the peer is behind: the kernel has not taken all that was handed to it."""
        return self._is_blocked

    @property
    def is_closed(self) -> bool:
        """Whether the outbox takes nothing more."""
        return self._is_closed

    def encoded(self, frame: Frame) -> bytes:
        """Return the bytes of *frame* as this peer takes them; deflate it before taking a lock."""
        return frame.deflated if self.deflates else frame.plain

    def weight(self, items: Sequence[Item]) -> int:
        """Return about how many bytes of memory *items* hold."""
        return sum([memory_of(item, self.deflates) for item in items])

    def arrived_bytes(self) -> int:
        """Return how many bytes of what waited here have arrived at the peer, plus a constant.

        Only the difference between two calls means something, and only while something waits.

        :raises OSError: if the fd is closed.
        """
        with self._lock:
            return self._written - self.descriptor.unread()

    @property
    def has_large_reply(self) -> bool:
        """Whether a large reply waits here, or a part of one."""
        return self.reply_bytes >= LARGE_REPLY_BYTES

    def append(self, *items: Item) -> None:
        """Let *items* be written behind all that waits."""
        with self._lock:
            overflow = self.put(items, bytes_of_replies(items))
        if overflow:
            self.tell_overflow(overflow)

    def tell_overflow(self, backlog: int) -> None:
        """Tell the owner that *backlog* bytes wait, which are more than the limit."""
        self.owner.give_up(
            f"too much waits behind a message ({backlog:,} bytes; REALTIME_MAX_BACKLOG_BYTES is "
            f"{self.limit:,})"
        )

    def unsent(self) -> dict[str, Position]:
        """Return, by channel, the position before the first push that the peer may not have.

        Those are pushes that the kernel has not taken whole, and pushes that a close has dropped.
        """
        with self._lock:
            return {**first_places(self._items), **(self._missing or {})}

    def retire(self) -> None:
        """Take no more pushes, since the socket closes; drop and note those that wait.

        A push of which the kernel has taken a part is sent whole.
        """
        with self._lock:
            self.send_now = None
            self._is_retired = True
            self._missing = {**first_places(self._items), **(self._missing or {})}
            begun = 0 if self._head is None else 1
            self._items[begun:] = [one for one in self._items[begun:] if isinstance(one, bytes)]
            self._weight = self.weight(self._items)

    def missing(self) -> dict[str, Position]:
        """Return what :meth:`unsent` returned at the retiring, with what was refused since."""
        with self._lock:
            return dict(self._missing or {})

    def wait_until_empty(self, seconds: float) -> bool:
        """Wait until the kernel has everything; return False if *seconds* were not enough."""
        with self._lock:
            if self._is_closed or not (self._items or self.descriptor.has_rest):
                return True
            if self._empty is None:
                self._empty = threading.Event()
            event = self._empty
        return event.wait(seconds)

    def wait_until_replied(self, is_wanted: Callable[[], bool]) -> None:
        """Wait until the kernel has the large replies that wait here, or the outbox is closed.

        :param is_wanted: returns whether the caller still wants to wait; asked now and then.
        """
        while self.has_large_reply and is_wanted():
            # In pieces, since pushes may wait behind the replies.
            self.wait_until_empty(LOOK_SECONDS)

    def close(self) -> None:
        """Drop everything, take nothing more, and wake who waits until all is taken."""
        with self._lock:
            self._is_closed = True
            self.send_now = None
            self._missing = self._missing or first_places(self._items)
            self._items.clear()
            self.reply_bytes = 0
            self._head = None
            event, self._empty = self._empty, None
        if event is not None:
            event.set()

    # With the lock held.

    @property
    def overflow(self) -> int:
        """How many bytes wait, if that is more than the limit; else 0."""
        if not self._is_blocked or self._weight <= self.limit:
            return 0
        # What is being sent does not count.
        backlog = self._weight - self.weight([*self._items[:1], *self._spared()])
        return backlog if backlog > self.limit else 0

    def put(self, items: Sequence[Item], reply_bytes: int = 0) -> int:
        """Do what :meth:`append` does, with the lock held.

        :param reply_bytes: how many bytes the replies have that are among *items*.
        :returns: how many bytes wait, if that is more than the limit; else 0.
        """
        if self._is_retired:
            items = self._refuse(items)
        if self._is_closed or not items:
            return 0
        self.send_now = None
        if self._is_blocked:
            self._weight += self.weight(items)
        self.reply_bytes += reply_bytes
        self._items += items
        return self.overflow

    def put_rest(self, items: Sequence[Item], taken: int) -> None:
        """Keep what is left of *items*, of which the kernel has taken *taken* bytes."""
        self.send_now = None
        self._items = list(items)
        self.reply_bytes = bytes_of_replies(items)
        self._take_away(taken)

    def flush(self) -> bool:
        """Write what the kernel takes without waiting; return False if something is left.

        :raises OSError: if the peer is gone.
        """
        while self._items:
            taken = self.descriptor.write(self._buffers())
            if not taken:
                return self._block()
            self._take_away(taken)
        if self.descriptor.has_rest and not self._is_closed and not self.descriptor.push_rest():
            return self._block()
        self._is_blocked = False
        if not (self._is_retired or self._is_closed):
            self.send_now = self.descriptor.send_now
        if self._empty is not None:
            self._empty.set()
            self._empty = None
        return True

    def _refuse(self, items: Sequence[Item]) -> Sequence[Item]:
        # A channel that is noted already keeps its position, which is before these items.
        self._missing = {**first_places(items), **(self._missing or {})}
        return [one for one in items if isinstance(one, bytes)]

    def _block(self) -> bool:
        if not self._is_blocked:
            self._weight = self.weight(self._items)
        self._is_blocked = True
        return False

    def _spared(self) -> Sequence[Item]:
        """Return the large reply behind the first item that does not count as backlog, if any.

        A large reply does not count: a client that is cut off for it would ask for it again, in
        vain. The app makes no other until the peer has taken the first.
        """
        if not self.has_large_reply:
            return ()
        place = next((at for at, one in enumerate(self._items) if is_large_reply(one)), 0)
        return self._items[place : place + 1] if place else ()

    def _data(self, item: Item) -> bytes:
        return item if isinstance(item, bytes) else self.encoded(item)

    def _buffers(self) -> list[Buffer]:
        buffers: list[Buffer] = [self._data(item) for item in self._items[:MOST_BUFFERS]]
        if self._head is not None:
            buffers[0] = self._head
        return buffers

    def _take_away(self, taken: int) -> None:
        self._written += taken
        done = 0
        while taken:
            whole: Buffer = self._data(self._items[done]) if self._head is None else self._head
            if taken < len(whole):
                self._head = memoryview(whole)[taken:]
                break
            taken -= len(whole)
            self._head = None
            done += 1
        if self.reply_bytes:
            self.reply_bytes -= bytes_of_replies(self._items[:done])
        if self._is_blocked:
            self._weight -= self.weight(self._items[:done])
        del self._items[:done]
