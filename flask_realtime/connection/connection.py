"""One live WebSocket of this process: what it is sent, who gets its messages, how it ends."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping, Sequence

from ..errors import CloseCode
from ..identity.keys import shorten
from ..protocol.messages import SPEAKS_OF_LEAVING, left_message
from ..protocol.positions import Position
from ..threads import clock
from ..threads.job_queue import JobQueue
from ..threads.rare_warnings import RareWarnings
from ..writing.frames import Frame, close_frame, ping_frame, text_frame
from ..writing.outbox import Outbox
from ..writing.owner import NOBODY
from .beginning import OpeningHandshake, Shared
from .limits import LARGEST_WAITING, PendingLimit, TokenBucket
from .parting import CLOSE_SECONDS, part_from_peer
from .reading import Reading
from .receiver import Receiver as Receiver

logger = logging.getLogger(__name__)
warnings = RareWarnings(logger)


class Connection:
    """One open WebSocket.

    The handshake is not kept: it holds the request, which is large.

    :param handshake: the handshake that opens it.
    :param shared: what it shares with all others of this process.
    :param name: the connection's name, unique within the process.
    :param digest: names the client, which is one page of one browser, to the registry.
    :param user: the client's user, as :func:`.user_of` writes it; None: a stranger.
    """

    __slots__ = (
        "__weakref__", "_accept", "_closing", "_config", "_descriptor", "_detach", "_flusher",
        "_goodbye", "_lock", "_reached", "address", "bucket", "close_by", "close_code", "digest",
        "disconnects_behind_reply", "is_abandoned", "is_retiring", "jobs", "last_pinged", "name",
        "opened_at", "outbox", "reading", "receiver", "resume_by", "session_ends_at",
        "speaks", "user",
    )  # fmt: skip

    def __init__(
        self,
        handshake: OpeningHandshake,
        shared: Shared,
        name: str,
        digest: str,
        user: str | None = None,
    ) -> None:
        flusher, threads, config, self._detach = shared
        self.name = name
        self.digest = digest
        self.user = user
        self.address = handshake.address
        self.jobs = JobQueue(threads, flusher.lock)
        self.bucket = TokenBucket(config.max_messages_per_second)
        self.reading = Reading(
            handshake.descriptor,
            PendingLimit(config.max_pending_messages, LARGEST_WAITING * config.max_message_bytes),
            threads.time_slice,
        )
        #: What the socket's messages are handed to; set by node/admission.py.
        self.receiver: Receiver | None = None
        self.opened_at = self.last_pinged = clock.monotonic()
        #: When the session of the handshake ends that the user came with.
        self.session_ends_at = self.opened_at + handshake.session_seconds
        #: Whether the socket is to be closed once the message that is being handled is answered.
        self.is_retiring = False
        #: Whether the server dropped the socket before its start; set by transport/response.py.
        self.is_abandoned = False
        #: Whether disconnect() closes the socket behind the reply that is due; set by the receiver.
        self.disconnects_behind_reply = False
        #: The moment by which ``resume`` must have come; set by node/resumption.py.
        self.resume_by: float | None = None
        #: The moment by which the peer must have answered the close frame; None before that.
        self.close_by: float | None = None
        self.close_code: int = CloseCode.ABNORMAL
        #: The version of the wire format that the client speaks.
        self.speaks = 1
        self._descriptor = handshake.descriptor
        self._flusher, self._config = flusher, config
        self._accept = handshake.accept
        #: What waits to be written; emptied by the flusher.
        self.outbox = Outbox(
            self._descriptor,
            flusher.lock,
            self,
            deflates=handshake.deflates,
            limit=config.max_backlog_bytes,
        )
        # Shared, since a lock for each connection would take 240 bytes under gevent.
        self._lock = flusher.lock
        self._closing = False
        self._goodbye: bytes | None = None  # The close frame, until it may follow the 101.
        self._reached: Mapping[str, Position] = {}

    @property
    def is_open(self) -> bool:
        """Whether the socket is not being closed."""
        return not self._closing

    @property
    def is_receptive(self) -> bool:
        """Whether the socket takes on more: a message of the peer's, or another piece of a log."""
        return not self._closing and not self.is_retiring

    @property
    def stall_seconds(self) -> float:
        """After how many seconds a peer is given up that takes nothing of what waits for it."""
        return self._config.stall_seconds

    def queue(self, frames: Sequence[Frame]) -> None:
        """Let a piece of a log follow what waits, without counting it as backlog."""
        if self.outbox.deflates:
            for frame in frames:
                frame.deflate()
        self.outbox.limit += self.outbox.weight(frames)
        self._append(*frames)

    def wait_until_taken(self) -> None:
        """Wait until the peer has taken all that was queued."""
        while self.is_receptive and not self.outbox.wait_until_empty(0.25):
            pass
        self.outbox.limit = self._config.max_backlog_bytes

    def reply(self, text: str) -> None:
        """Send a reply. A close drops pushes, which a client gets again, but it drops no reply."""
        if self.is_open:
            frame = text_frame(text)
            if self.outbox.deflates:
                frame.deflate()
            self._flusher.send(self.outbox, self.outbox.encoded(frame))

    def tell_left(self, channels: Collection[str]) -> None:
        """Tell a client that its page is on *channels* no more, if its script knows of that."""
        if self.speaks >= SPEAKS_OF_LEAVING:
            for name in channels:
                # Behind what was pushed before it left, which a reply may overtake.
                self._flusher.post(text_frame(left_message(name)), (self.outbox,))

    def write(self, data: bytes) -> None:
        """Send bytes that are no push: replies, pongs, the answer to the peer's close frame."""
        if self.is_open:
            self._append(data)

    def ping(self) -> None:
        """Send a ping, which the peer answers with a pong."""
        self.last_pinged = clock.monotonic()
        self.write(ping_frame())

    def live(self, read: Callable[[], int]) -> None:
        """Run the socket from the 101 to its end, on the caller's thread. Never raises.

        :param read: reads messages until the protocol ends the socket; returns the close code.
        """
        assert self.receiver is not None
        try:
            self._flusher.send(self.outbox, self._accept)
            with self._lock:
                self._accept = b""
            self.reading.begin()
            self._say_goodbye()
            self.receiver.opened()
            self._begin_close(read())
        except Exception:
            logger.exception("Socket %s failed; closing it.", shorten(self.digest))
            self.close(CloseCode.INTERNAL_ERROR, "An error of the server's.")
        finally:
            self._end(self.receiver)
            # Only the garbage collector would free objects that refer to each other.
            self.receiver, self.outbox.owner = None, NOBODY

    def close(self, code: int, reason: str = "", seconds: float = CLOSE_SECONDS) -> None:
        """Close the socket with *code*. Any thread may call it; it does not wait.

        :param seconds: how long the peer may take to answer, also if the socket is closing already.
        """
        close_by = clock.monotonic() + seconds
        if not self._begin_close(code, close_frame(code, reason)):
            if self.close_by is not None:
                self.close_by = min(self.close_by, close_by)
            return
        # Before anything else: whatever fails from here on, the heartbeat ends the fd in time.
        self.close_by = close_by
        self._say_goodbye()
        self.reading.end()

    def disconnect(self, code: int, reason: str) -> None:
        """Close the socket, behind its message if that logs the page out or the page comes back."""
        comes_back = code == CloseCode.SERVICE_RESTART
        if not (self.disconnects_behind_reply or (comes_back and self.jobs.pending)):
            return self.close(code, reason)
        self.is_retiring = True
        # A page that comes back hears nothing until then, and is sent back what waits, to send it
        # again. A page that does not come back is answered nothing more.
        (self.outbox.retire if comes_back else self.jobs.drop_waiting)()
        self.close_behind_work(code, reason)

    def close_behind_work(self, code: int, reason: str, seconds: float = CLOSE_SECONDS) -> None:
        """Close the socket behind the message that is being handled; others are sent back.

        :param seconds: as :meth:`close` takes it.
        """
        self.is_retiring = True
        try:
            self.jobs.submit(lambda: self.close(code, reason, seconds))
        except RuntimeError:  # The system has no thread left, and so none handles a message here.
            self.close(code, reason, seconds)

    def cut(self) -> None:
        """End the fd now, without a close frame; the reader is woken. Never blocks."""
        self._begin_close(CloseCode.ABNORMAL)
        self.outbox.close()
        self._descriptor.shutdown()
        self.reading.end()

    def sent(self, reached: Mapping[str, Position]) -> dict[str, Position]:
        """Return, by channel, the position up to which the kernel has taken the pushes.

        :param reached: by channel, how far they had been posted when the flusher settled last.
        """
        return {**reached, **self.outbox.unsent()}

    def final_sent(self) -> dict[str, Position]:
        """Return what :meth:`sent` would have returned at the close."""
        return {**self._reached, **self.outbox.missing()}

    def give_up(self, why: str) -> None:
        """Close the socket of a client that does not keep up (1013), and log *why*, once."""
        if self.is_open:
            line = f"Closing {shorten(self.digest)}, which reads too slowly: {why}."
            warnings.warn(why.partition(" (")[0], line)
        self.close(CloseCode.TRY_AGAIN_LATER, "The client reads too slowly; reconnect and resume.")

    def _append(self, *items: Frame | bytes) -> None:
        self.outbox.append(*items)
        self._flusher.wake(self.outbox)

    def _begin_close(self, code: int, goodbye: bytes | None = None) -> bool:
        with self._lock:
            if self._closing:
                return False
            self._closing = True
            self._goodbye = goodbye
        self.close_code = code
        # Nothing is handled any more as a user who was just banned or logged out.
        self.jobs.drop_waiting()
        # In this order: the outbox refuses, and notes, what is delivered before the detaching.
        self.outbox.retire()
        try:
            self._reached = self._detach(self)
        except Exception:
            # Goes on to end the fd, whose reader would wait for ever.
            logger.exception("Socket %s can't be removed from its channels.", shorten(self.digest))
        return True

    def _say_goodbye(self) -> None:
        with self._lock:
            if self._accept or self._goodbye is None:
                return
            frame, self._goodbye = self._goodbye, None
        self._append(frame)

    def _end(self, receiver: Receiver) -> None:
        for step in (self._part, self._let_go, receiver.closed):
            try:
                step()
            except BaseException:
                # Even a gevent.Timeout of the app's is caught: the last step frees the place.
                logger.exception("Closing and cleaning up socket %s failed.", shorten(self.digest))

    def _part(self) -> None:
        self._begin_close(CloseCode.ABNORMAL)
        self.jobs.drop_waiting()
        self._say_goodbye()  # Which another thread may be about to do, and the fd ends here.
        self.close_by = None
        part_from_peer(self.outbox, self._descriptor)

    def _let_go(self) -> None:
        self.cut()
        self._flusher.forget(self.outbox)
        # After this, the outbox has noted as missing what was posted before the detaching.
        self._flusher.settle()
