"""What waits to be written to one connection."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

from .descriptor import Descriptor
from .frames import Frame


class Outbox:
    __slots__ = (
        "_empty",
        "_head",
        "_head_left",
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
        self.is_scheduled = False
        self._items: deque[tuple[bytes, Frame | None]] = deque()
        self._size = 0
        self._head: memoryview | None = None
        self._is_closed = False
        self._empty: threading.Event | None = None
        self._lock = threading.Lock()

    @property
    def is_closed(self) -> bool:
        return self._is_closed

    @property
    def is_empty(self) -> bool:
        return not self._items

    def append(self, data: bytes, frame: Frame | None) -> int:
        with self._lock:
            if self._is_closed:
                return 0
            self._items.append((data, frame))
            self._size += len(data)
            return self._size - len(self._items[0][0])

    def flush(self) -> bool:
        with self._lock:
            while self._items and not self._is_closed:
                buffers = [self._head if self._head is not None else self._items[0][0]]
                buffers += [data for data, _ in list(self._items)[1:1000]]
                taken = self.descriptor.write(buffers)
                if not taken:
                    return False
                while taken:
                    first = self._head if self._head is not None else self._items[0][0]
                    if taken >= len(first):
                        taken -= len(first)
                        self._size -= len(self._items.popleft()[0])
                        self._head = None
                    else:
                        self._head = memoryview(first)[taken:]
                        taken = 0
            event, self._empty = self._empty, None
        if event:
            event.set()
        return True

    def unsent(self) -> list[Frame]:
        with self._lock:
            return [frame for _, frame in self._items if frame is not None]

    def drop_waiting(self) -> None:
        with self._lock:
            head = [self._items.popleft()] if self._head is not None else []
            kept = head + [item for item in self._items if item[1] is None]
            self._items = deque(kept)
            self._size = sum(len(data) for data, _ in kept)

    def wait_until_empty(self, timeout: float) -> bool:
        with self._lock:
            if not self._items or self._is_closed:
                return True
            if self._empty is None:
                self._empty = threading.Event()
            event = self._empty
        return event.wait(timeout)

    def close(self) -> None:
        with self._lock:
            self._is_closed = True
            event, self._empty = self._empty, None
        if event:
            event.set()
