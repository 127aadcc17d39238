"""Waits until the kernel takes more of full outboxes, and gives up peers that take nothing."""

from __future__ import annotations

import contextlib
import logging
import selectors
import threading
import time
from collections.abc import Callable

from ..threads import clock
from ..threads.background import join, start_thread
from ..threads.pause import let_others_run
from ..threads.waker import Waker
from .outbox import Outbox
from .slow_replies import SlowReplies
from .stalls import StallWatch

logger = logging.getLogger(__name__)

# How long forget() waits until the fd is let go of, which takes no time unless the thread stands
# still.
FORGET_SECONDS = 1.0
RETRY_SECONDS = 0.1
# How often the poller looks for peers that take nothing.
LOOK_SECONDS = 1.0
# How many outboxes are looked at between two pauses; one takes a microsecond, and under gevent
# nobody else runs meanwhile.
LOOKS_AT_ONCE = 500

STALLED = "it has taken nothing for longer than REALTIME_STALL_SECONDS"
CROWDING = "it is slow to take a large reply, and so are many others"


class Poller:
    """Watches full outboxes, by one thread with a selector, which starts with the first of them.

    For each outbox it calls *on_writable* once, when the fd takes more; or it has the outbox's
    owner give up the peer, when the peer has taken nothing for too long.

    :param on_writable: called on the poller's thread, with the outbox.
    """

    def __init__(self, on_writable: Callable[[Outbox], None]) -> None:
        self._on_writable = on_writable
        self._look_at = 0.0
        self._lock = threading.Lock()
        self._new: dict[Outbox, StallWatch] = {}
        self._watched: dict[Outbox, StallWatch] = {}
        self._forgotten: dict[Outbox, threading.Event] = {}
        self._slow_replies = SlowReplies()
        #: See :meth:`.SlowReplies.has_room`.
        self.has_room = self._slow_replies.has_room
        self._waker: Waker | None = None
        self._thread: threading.Thread | None = None
        self._is_closed = False

    def watch(self, outbox: Outbox) -> None:
        """Call ``on_writable`` once, as soon as *outbox* can be flushed again. Never blocks.

        :raises RuntimeError: if the thread can't be started; the next call tries again.
        """
        with self._lock:
            if outbox.is_closed or self._is_closed:
                return
            waker = self._waker or self._start()
            self._new[outbox] = StallWatch()
        waker.ring()
        if outbox.has_large_reply:
            # What is watched anew has made progress.
            self.count_reply(outbox)

    def count_reply(self, outbox: Outbox) -> None:
        """Count the large reply that *outbox* holds; end others if all hold too much. Never blocks.

        An outbox that is watched is counted without it.
        """
        for one in self._slow_replies.note(outbox):
            # Cut, because a close frame would wait behind the reply that the peer does not take.
            _guard(one.owner.give_up, CROWDING)
            _guard(one.owner.cut)

    def forget(self, outbox: Outbox) -> None:
        """Stop watching *outbox*, so that its fd may be closed. The outbox is closed already."""
        self._slow_replies.forget(outbox)
        with self._lock:
            self._new.pop(outbox, None)
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
        # Opened here and not on the thread, which could tell nobody that no fd was to be had.
        with contextlib.ExitStack() as opened:
            selector = opened.enter_context(selectors.DefaultSelector())
            waker = Waker()
            opened.callback(waker.close)
            selector.register(waker, selectors.EVENT_READ)
            self._thread = start_thread("realtime-poller", lambda: self._run(selector, waker))
            opened.pop_all()
        self._waker = waker
        return waker

    def _run(self, selector: selectors.BaseSelector, waker: Waker) -> None:
        with selector:
            while not self._is_closed:
                try:
                    self._turn(selector, waker)
                except Exception:
                    logger.exception(
                        "Waiting for sockets whose clients read slowly failed; waiting goes on."
                    )
                    time.sleep(RETRY_SECONDS)
        with self._lock:
            # Nobody may ring a waker that is closed.
            self._waker = None
            forgotten, self._forgotten = self._forgotten, {}
        waker.close()
        for done in forgotten.values():
            done.set()

    def _turn(self, selector: selectors.BaseSelector, waker: Waker) -> None:
        self._update(selector)
        for key, _ in selector.select(LOOK_SECONDS if self._watched else None):
            if key.fileobj is waker:
                waker.silence()
            else:
                self._let_go(selector, key.data)
                self._tell(key.data)
        now = clock.monotonic()
        if now >= self._look_at:
            self._look_at = now + LOOK_SECONDS
            self._slow_replies.look()
            self._look(now)

    def _tell(self, outbox: Outbox) -> None:
        _guard(self._on_writable, outbox)

    def _look(self, now: float) -> None:
        """Give up the peers that have taken nothing for too long."""
        for count, (outbox, watch) in enumerate(list(self._watched.items()), 1):
            if watch.is_stalled(outbox, now):
                _guard(outbox.owner.give_up, STALLED)
            if count % LOOKS_AT_ONCE == 0:
                let_others_run()

    def _update(self, selector: selectors.BaseSelector) -> None:
        with self._lock:
            forgotten, self._forgotten = self._forgotten, {}
            new, self._new = self._new, {}
            for outbox in [*forgotten, *self._watched]:
                new.pop(outbox, None)
            self._watched.update(new)
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
                self._watched.pop(outbox, None)
            self._tell(outbox)

    def _let_go(self, selector: selectors.BaseSelector, outbox: Outbox) -> None:
        with self._lock:
            if self._watched.pop(outbox, None) is None:
                return
        with contextlib.suppress(KeyError, ValueError, OSError):
            selector.unregister(outbox.descriptor.fileno())


def _guard(call: Callable[..., None], *values: object) -> None:
    try:
        call(*values)
    except Exception:
        # The outboxes behind this one in the list have nobody else to tell of them.
        logger.exception(
            "The messages that wait for a socket can't be written, or the socket can't be closed."
        )
