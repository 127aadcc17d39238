"""Writes to all sockets of the process: frames that are delivered, and what waits in outboxes."""

from __future__ import annotations

import logging
import socket
import threading
from collections import deque
from collections.abc import Collection, Sequence

from ..threads.background import BackgroundThread
from ..threads.pause import let_others_run
from .batch import Batch, Jobs, are_apart
from .frames import Frame
from .items import LARGE_REPLY_BYTES
from .outbox import Outbox
from .poller import Poller

logger = logging.getLogger(__name__)

# How many sockets are written to, at 5 us each, before others run under gevent.
FLUSHES_AT_ONCE = 400
# A push to so many sockets or fewer is written without a pause: pauses would slow it by 2.5 %.
FLUSHES_AT_A_STRETCH = 1000
# How many frames are put into outboxes between two pauses; one takes about 0.5 us.
PUTS_AT_ONCE = 2000
# How large frames may become by being joined: the kernel is likely to take so many bytes at once.
BATCH_BYTES = 64 * 1024
# How many frames are taken up together, to be joined.
JOBS_AT_ONCE = 500
# How long settle() waits at the most: then it warns and returns.
SETTLE_SECONDS = 10.0


class Flusher:
    """Writes frames to sockets, on one thread for all sockets of the process.

    Under gevent the thread is a greenlet, which runs on the next turn of the loop. A frame goes
    straight to the kernel for each receiver whose outbox is empty. Frames that have come for the
    same receivers in the meantime are joined, once for all of them. Where frames have come for
    different sets of receivers, each frame is put into the outboxes first, so that every socket
    gets all of its frames in one call to the kernel.
    """

    def __init__(self) -> None:
        #: The lock of all outboxes that are flushed here; see :class:`Outbox`.
        self.lock = threading.Lock()
        self._jobs = Jobs()
        self._scheduled: deque[Outbox] = deque()
        self._bell = threading.Event()
        self._is_idle = False
        self._has_begun = False
        self._is_closed = False
        self._thread = BackgroundThread("realtime-flusher", self._run)
        self._poller = Poller(self._may_go_on)
        #: See :meth:`.SlowReplies.has_room`.
        self.has_room = self._poller.has_room

    def post(self, frame: Frame, receivers: Sequence[Outbox]) -> None:
        """Have *frame* written to *receivers*, after every earlier frame. Never blocks."""
        self._jobs.append((frame, receivers))
        self._ring()

    def settle(self, receivers: Collection[Outbox] | None = None) -> None:
        """Wait until every frame that was posted before is in the kernel, in an outbox, or refused.

        :param receivers: return at once if no such frame is for any of these; None: for all.
        """
        # In this order: the thread is at work before it takes anything out.
        if not self._jobs and (self._is_idle or not self._has_begun):
            return
        if receivers is not None and not self._jobs.are_for(receivers):
            return
        done = threading.Event()
        self._jobs.append((done, ()))
        if self._is_closed:
            return
        self._ring()
        if not done.wait(SETTLE_SECONDS):
            logger.warning("Writing pushes to sockets takes longer than %.0f s.", SETTLE_SECONDS)

    def send(self, outbox: Outbox, data: bytes) -> None:
        """Write *data* to one socket, after everything that waits in its outbox.

        If nothing waits there, the caller's thread writes: waiting for the flusher's thread would
        take a tenth of the time that a call takes.
        """
        full: list[Outbox] = []
        failed: list[tuple[Outbox, int]] = []
        with self.lock:
            must_wait = bool(self._jobs) or outbox.is_scheduled
            send = None if must_wait else outbox.send_now
            try:
                taken = 0 if send is None else send(data, socket.MSG_DONTWAIT)
            except OSError:
                # Full, or ended: flushing finds the same.
                taken = 0
            overflow = 0 if taken else outbox.put((data,), len(data))
            if 0 < taken < len(data):
                outbox.put_rest((data,), taken)
            if overflow:
                failed.append((outbox, overflow))
            elif must_wait:
                self.wake(outbox)
            elif taken < len(data):
                self._flush(outbox, full, failed)
        if len(data) >= LARGE_REPLY_BYTES:
            # Counted also where it waits for the flusher's thread, which many may do at one time.
            self._poller.count_reply(outbox)
        if full or failed:
            self._follow_up(full, failed)

    def wake(self, outbox: Outbox) -> None:
        """Have *outbox* flushed soon; never blocks."""
        # The flag comes down before the outbox is flushed: while it is up, the flush is still to
        # come, and takes what was put into the outbox before this call.
        if outbox.is_scheduled:
            return
        outbox.is_scheduled = True
        self._scheduled.append(outbox)
        self._ring()

    def forget(self, outbox: Outbox) -> None:
        """Flush *outbox* no more. After this has returned, no thread waits for the socket's fd."""
        outbox.close()
        self._poller.forget(outbox)

    def close(self) -> None:
        """End the threads. Frames that still wait are dropped, and nothing is written any more."""
        self._is_closed = True
        self._bell.set()
        self._thread.join()
        self._poller.close()
        while self._jobs:
            job, _ = self._jobs.popleft()
            if not isinstance(job, Frame):
                job.set()

    def _may_go_on(self, outbox: Outbox) -> None:
        outbox.is_scheduled = False
        self.wake(outbox)

    def _ring(self) -> None:
        if self._is_idle:
            self._bell.set()
        elif not (self._thread.is_started or self._is_closed):
            self._thread.start()

    def _run(self) -> None:
        self._has_begun = True
        while not self._is_closed:
            self._is_idle = True
            # Looked at again behind the flag: whoever posted before did not ring the bell.
            if not (self._jobs or self._scheduled or self._is_closed):
                self._bell.wait()
            self._bell.clear()
            self._is_idle = False
            while (self._jobs or self._scheduled) and not self._is_closed:
                try:
                    self._turn()
                except Exception:
                    logger.exception("Writing pushes failed; later pushes are still written.")
                if self._jobs or self._scheduled:
                    let_others_run()

    def _turn(self) -> None:
        batches, settled = self._jobs.take(JOBS_AT_ONCE, BATCH_BYTES)
        try:
            for batch in batches:
                # Before taking the lock that all outboxes share: deflating 4 MB takes 275 ms.
                batch.deflate()
            if are_apart(batches, PUTS_AT_ONCE):
                self._write_through(batches)
            else:
                self._put_all(batches)
        finally:
            self._jobs.end()
            for event in settled:
                event.set()
        for start in range(0, len(self._scheduled), FLUSHES_AT_ONCE):
            if start:
                let_others_run()
            self._flush_some()

    def _write_through(self, batches: Sequence[Batch]) -> None:
        done = 0
        writes = sum([len(batch.receivers) for batch in batches])
        at_once = FLUSHES_AT_ONCE if writes > FLUSHES_AT_A_STRETCH else FLUSHES_AT_A_STRETCH
        for batch in batches:
            for start in range(0, len(batch.receivers), at_once):
                if done >= at_once:
                    # Replies must not wait until ten thousand receivers have the push.
                    self._flush_some()
                    let_others_run()
                    done = 0
                chosen = batch.receivers[start : start + at_once]
                self._write(batch, chosen)
                done += len(chosen)

    def _put_all(self, batches: Sequence[Batch]) -> None:
        done = 0
        for batch in batches:
            for start in range(0, len(batch.receivers), PUTS_AT_ONCE):
                chosen = batch.receivers[start : start + PUTS_AT_ONCE]
                self._put(batch, chosen)
                done += len(chosen)
                if done >= PUTS_AT_ONCE:
                    done = 0
                    let_others_run()

    def _write(self, batch: Batch, receivers: Sequence[Outbox]) -> None:
        # The innermost loop of the package. One delivery takes 7 us, of which the kernel takes 6.
        plain, deflated, at_once = batch.plain, None, socket.MSG_DONTWAIT
        failed: list[tuple[Outbox, int]] = []
        with self.lock:
            for outbox in receivers:
                send = outbox.send_now
                if send is None:
                    self._put_one(batch, outbox, failed)
                    continue
                if outbox.deflates:
                    data = deflated = deflated or batch.deflated
                else:
                    data = plain
                try:
                    taken = send(data, at_once)
                except BlockingIOError:
                    taken = 0
                except Exception:
                    # The frames have to count as not sent when the position of the socket is noted.
                    outbox.put_rest(batch.frames, 0)
                    failed.append((outbox, 0))
                    continue
                if taken != len(data):
                    outbox.put_rest(batch.frames, taken)
                    self.wake(outbox)
        self._tell(failed)

    def _put(self, batch: Batch, receivers: Sequence[Outbox]) -> None:
        failed: list[tuple[Outbox, int]] = []
        with self.lock:
            for outbox in receivers:
                self._put_one(batch, outbox, failed)
        self._tell(failed)

    def _put_one(self, batch: Batch, outbox: Outbox, failed: list[tuple[Outbox, int]]) -> None:
        try:
            overflow = outbox.put(batch.frames)
        except Exception:
            logger.exception("A message can't be queued for a socket; closing the socket.")
            failed.append((outbox, 0))
            return
        if overflow:
            failed.append((outbox, overflow))
        self.wake(outbox)

    def _flush_some(self) -> None:
        full: list[Outbox] = []
        failed: list[tuple[Outbox, int]] = []
        with self.lock:
            for _ in range(min(len(self._scheduled), FLUSHES_AT_ONCE)):
                self._flush(self._scheduled.popleft(), full, failed)
        self._follow_up(full, failed)

    def _flush(self, outbox: Outbox, full: list[Outbox], failed: list[tuple[Outbox, int]]) -> None:
        outbox.is_scheduled = False
        try:
            if not outbox.flush():
                # Until the kernel takes more, wake() does not have the outbox flushed.
                outbox.is_scheduled = True
                full.append(outbox)
                # What came in one turn was put there before anybody knew that the outbox is full.
                if overflow := outbox.overflow:
                    failed.append((outbox, overflow))
        except OSError:
            failed.append((outbox, 0))
        except Exception:
            logger.exception("Writing to a socket failed; closing the socket.")
            failed.append((outbox, 0))

    def _follow_up(self, full: Sequence[Outbox], failed: Sequence[tuple[Outbox, int]]) -> None:
        for outbox in full:
            try:
                self._poller.watch(outbox)
            except Exception:
                logger.exception("A socket that is read slowly can't be watched; closing it.")
                failed = [*failed, (outbox, 0)]
        self._tell(failed)

    def _tell(self, failed: Sequence[tuple[Outbox, int]]) -> None:
        for outbox, overflow in failed:
            try:
                if overflow:
                    outbox.tell_overflow(overflow)
                else:
                    outbox.owner.cut()
            except Exception:
                # Caught here, so that the receivers behind this one get the frame.
                logger.exception("Closing a socket failed.")
