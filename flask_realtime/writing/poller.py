"""Waits for the kernel to take more of what is in full outboxes."""

from __future__ import annotations

import contextlib
import logging
import selectors
import threading
import time
from collections.abc import Callable

from ..threads.background import join, start_thread
from ..threads.waker import Waker
from .outbox import Outbox

logger = logging.getLogger(__name__)

# An outbox that is forgotten is let go of at once; whoever waits for that waits no longer.
FORGET_SECONDS = 1.0
RETRY_SECONDS = 0.1


class Poller:
    """Tells of each outbox handed in, once, that its fd takes more.

    It has a thread with a selector, which starts with the first full outbox.

    :param on_writable: called on that thread.
    """

    def __init__(self, on_writable: Callable[[Outbox], None]) -> None:
        self._on_writable = on_writable
        self._lock = threading.Lock()
        self._new: set[Outbox] = set()
        self._watched: set[Outbox] = set()
        self._forgotten: dict[Outbox, threading.Event] = {}
        self._waker: Waker | None = None
        self._thread: threading.Thread | None = None
        self._is_closed = False

    def watch(self, outbox: Outbox) -> None:
        """Tell once, soon, that *outbox* can be flushed again; never blocks.

        :raises RuntimeError: if the thread can't be started; the next call tries again.
        """
        with self._lock:
            if outbox.is_closed or self._is_closed:
                return
            waker = self._waker or self._start()
            self._new.add(outbox)
        waker.ring()

    def forget(self, outbox: Outbox) -> None:
        """Let go of the fd of *outbox*, which takes nothing more, before the fd is closed."""
        with self._lock:
            self._new.discard(outbox)
            waker = self._waker
            if waker is None or outbox not in self._watched:
                return
            done = self._forgotten.setdefault(outbox, threading.Event())
        waker.ring()
        done.wait(FORGET_SECONDS)

    def close(self) -> None:
        """End the thread, and watch nothing more."""
        with self._lock:
            self._is_closed = True
            waker, thread = self._waker, self._thread
        if waker is not None and thread is not None:
            waker.ring()
            join([thread])

    def _start(self) -> Waker:
        waker = Waker()
        try:
            self._thread = start_thread("realtime-poller", lambda: self._run(waker))
        except BaseException:
            waker.close()
            raise
        self._waker = waker
        return waker

    def _run(self, waker: Waker) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(waker, selectors.EVENT_READ)
            while not self._is_closed:
                try:
                    self._turn(selector, waker)
                except Exception:
                    logger.exception("Waiting for full sockets failed; it goes on.")
                    time.sleep(RETRY_SECONDS)
        with self._lock:
            # Whoever rings from now on rings for nobody.
            self._waker = None
            forgotten, self._forgotten = self._forgotten, {}
        waker.close()
        for done in forgotten.values():
            done.set()

    def _turn(self, selector: selectors.BaseSelector, waker: Waker) -> None:
        self._update(selector)
        for key, _ in selector.select():
            if key.fileobj is waker:
                waker.silence()
            else:
                self._let_go(selector, key.data)
                self._tell(key.data)

    def _tell(self, outbox: Outbox) -> None:
        try:
            self._on_writable(outbox)
        except Exception:
            # The outboxes behind this one in the list have nobody else to tell of them.
            logger.exception("An outbox can't be flushed.")

    def _update(self, selector: selectors.BaseSelector) -> None:
        with self._lock:
            forgotten, self._forgotten = self._forgotten, {}
            new, self._new = self._new - forgotten.keys(), set()
            new -= self._watched
            self._watched |= new
        for outbox in new:
            self._begin(selector, outbox)
        for outbox, done in forgotten.items():
            self._let_go(selector, outbox)
            done.set()

    def _begin(self, selector: selectors.BaseSelector, outbox: Outbox) -> None:
        try:
            selector.register(outbox.descriptor.fileno(), selectors.EVENT_WRITE, outbox)
        except (KeyError, ValueError, OSError):
            # The fd is closed: flushing finds the same.
            with self._lock:
                self._watched.discard(outbox)
            self._tell(outbox)

    def _let_go(self, selector: selectors.BaseSelector, outbox: Outbox) -> None:
        with self._lock:
            if outbox not in self._watched:
                return
            self._watched.discard(outbox)
        with contextlib.suppress(KeyError, ValueError, OSError):
            selector.unregister(outbox.descriptor.fileno())
