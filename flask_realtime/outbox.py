"""What waits to be written to one connection."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from itertools import islice

from .descriptor import MOST_BUFFERS, Buffer, Descriptor
from .frames import Frame


class Outbox:
    """Frames in order: appended by anyone without a lock, flushed by the flusher alone.

    :param descriptor: where they go.
    :param lock: the flusher's, one for all outboxes, held while it takes frames away: a lock of
        each outbox's own would cost every delivery two turns of it.
    :param on_broken: called by the flusher when the peer is gone.
    """

    __slots__ = (
        "_backlog",
        "_empty",
        "_head",
        "_is_blocked",
        "_is_closed",
        "_items",
        "_lock",
        "descriptor",
        "is_scheduled",
        "on_broken",
    )

    def __init__(
        self, descriptor: Descriptor, lock: threading.Lock, on_broken: Callable[[], None]
    ) -> None:
        self.descriptor = descriptor
        self.on_broken = on_broken
        #: The flusher's: whether it will come by.
        self.is_scheduled = False
        self._lock = lock
        # Its append and popleft are atomic.
        self._items: deque[tuple[bytes, Frame | None]] = deque()
        # What is left of the first item, once part of it has been taken.
        self._head: memoryview | None = None
        self._is_blocked = False
        self._backlog = 0
        self._is_closed = False
        self._empty: threading.Event | None = None

    @property
    def is_closed(self) -> bool:
        """Whether it takes nothing more."""
        return self._is_closed

    def append(self, data: bytes, frame: Frame | None) -> int:
        """Let *data* be written behind all that waits; nothing if it is closed.

        :param frame: the push that it is, None for what is not dropped at a close.
        :returns: how many bytes wait behind the message being sent, of an outbox that the kernel
            has not emptied; 0 of any other.
        """
        if self._is_closed:
            return 0
        self._items.append((data, frame))
        return self._measure(len(data)) if self._is_blocked else 0

    def flush(self) -> bool:
        """Hand over what is taken without waiting; False if something is left.

        Called with the lock held.

        :raises OSError: if the peer is gone.
        """
        items, descriptor = self._items, self.descriptor
        while items and not self._is_closed:
            if self._head is None and len(items) == 1:
                # Most flushes write one message and get rid of it.
                data = items[0][0]
                taken = descriptor.write([data])
                if taken == len(data):
                    items.popleft()
                    continue
            else:
                taken = descriptor.write(self._buffers())
            if not taken:
                return self._block()
            self._take_away(taken)
        if descriptor.has_rest and not self._is_closed and not descriptor.push_rest():
            return self._block()
        self._is_blocked = False
        if self._empty is not None:
            self._empty.set()
            self._empty = None
        return True

    def unsent(self) -> list[Frame]:
        """The pushes of which the kernel has not taken the whole, in order."""
        with self._lock:
            return [frame for _, frame in list(self._items) if frame is not None]

    def drop_waiting(self) -> None:
        """Drop all pushes but one of which a part has been taken."""
        with self._lock:
            is_begun = self._head is not None
            # In place: who appends meanwhile knows this deque.
            for _ in range(len(self._items)):
                item = self._items.popleft()
                if is_begun or item[1] is None:
                    self._items.append(item)
                is_begun = False

    def wait_until_empty(self, seconds: float) -> bool:
        """Wait until the kernel has everything; False if *seconds* were not enough."""
        with self._lock:
            if self._is_closed or not (self._items or self.descriptor.has_rest):
                return True
            if self._empty is None:
                self._empty = threading.Event()
            event = self._empty
        return event.wait(seconds)

    def close(self) -> None:
        """Drop everything, take nothing more, and let go of who waits."""
        with self._lock:
            self._is_closed = True
            self._items.clear()
            self._head = None
            event, self._empty = self._empty, None
        if event is not None:
            event.set()

    def _measure(self, more: int) -> int:
        with self._lock:
            self._backlog += more
            return self._backlog

    # Within the lock.

    def _block(self) -> bool:
        self._backlog = sum([len(data) for data, _ in list(islice(self._items, 1, None))])
        self._is_blocked = True
        return False

    def _buffers(self) -> list[Buffer]:
        # One call that runs no Python: who appends meanwhile would end the iterator of a loop.
        first = list(islice(self._items, MOST_BUFFERS))
        buffers: list[Buffer] = [data for data, _ in first]
        if self._head is not None:
            buffers[0] = self._head
        return buffers

    def _take_away(self, taken: int) -> None:
        items, head = self._items, self._head
        while taken:
            left = len(items[0][0]) if head is None else len(head)
            if taken < left:
                head = (memoryview(items[0][0]) if head is None else head)[taken:]
                break
            taken -= left
            head = None
            items.popleft()
        self._head = head
