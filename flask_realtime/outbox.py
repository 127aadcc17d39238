"""What waits to be written to one connection."""

from __future__ import annotations

import threading
from collections.abc import Callable
from itertools import islice

from .descriptor import MOST_BUFFERS, Buffer, Descriptor
from .frames import Frame


class Outbox:
    """Frames in order: appended by anyone, flushed by the flusher alone.

    The lock is held while the kernel takes bytes, which never waits.

    :param descriptor: where they go.
    :param on_broken: called by the flusher when the peer is gone.
    """

    __slots__ = (
        "_empty",
        "_head",
        "_is_closed",
        "_items",
        "_lock",
        "_size",
        "descriptor",
        "is_scheduled",
        "on_broken",
    )

    def __init__(self, descriptor: Descriptor, on_broken: Callable[[], None]) -> None:
        self.descriptor = descriptor
        self.on_broken = on_broken
        #: The flusher's: whether it will come by.
        self.is_scheduled = False
        self._lock = threading.Lock()
        self._items: list[tuple[bytes, Frame | None]] = []
        self._size = 0
        # What is left of the first item, once part of it has been taken.
        self._head: memoryview | None = None
        self._is_closed = False
        self._empty: threading.Event | None = None

    @property
    def is_closed(self) -> bool:
        """Whether it takes nothing more."""
        return self._is_closed

    def append(self, data: bytes, frame: Frame | None) -> int:
        """Let *data* be written behind all that waits; nothing if it is closed.

        :param frame: the push that it is, None for what is not dropped at a close.
        :returns: how many bytes wait behind the message being sent.
        """
        with self._lock:
            if self._is_closed:
                return 0
            self._items.append((data, frame))
            self._size += len(data)
            return self._size - len(self._items[0][0])

    def flush(self) -> bool:
        """Hand over what is taken without waiting; False if something is left.

        :raises OSError: if the peer is gone.
        """
        with self._lock:
            while self._items and not self._is_closed:
                taken = self.descriptor.write(self._buffers())
                if not taken:
                    return False
                self._take_away(taken)
            if not self._is_closed and not self.descriptor.push_rest():
                return False
            event, self._empty = self._empty, None
        if event is not None:
            event.set()
        return True

    def unsent(self) -> list[Frame]:
        """The pushes of which the kernel has not taken the whole, in order."""
        with self._lock:
            return [frame for _, frame in self._items if frame is not None]

    def drop_waiting(self) -> None:
        """Drop all pushes but one of which a part has been taken."""
        with self._lock:
            begun = 0 if self._head is None else 1
            rest = [item for item in self._items[begun:] if item[1] is None]
            self._items[begun:] = rest
            self._size = sum(len(data) for data, _ in self._items)

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
            self._size = 0
            self._head = None
            event, self._empty = self._empty, None
        if event is not None:
            event.set()

    # Within the lock.

    def _buffers(self) -> list[Buffer]:
        buffers: list[Buffer] = [data for data, _ in islice(self._items, MOST_BUFFERS)]
        if self._head is not None:
            buffers[0] = self._head
        return buffers

    def _take_away(self, taken: int) -> None:
        done = 0
        for data, _ in self._items:
            left = len(data) if self._head is None else len(self._head)
            if taken < left:
                break
            taken -= left
            self._head = None
            self._size -= len(data)
            done += 1
        del self._items[:done]
        if taken:
            rest = self._head or memoryview(self._items[0][0])
            self._head = rest[taken:]
