"""Hears what Redis announces: one connection and one thread, which never gives up."""

from __future__ import annotations

import logging
import random
import selectors
import threading
import time
from collections.abc import Callable, Collection

from ...threads.pause import let_others_run
from ...threads.waker import Waker
from .address import RedisAddress
from .confirmations import Confirmations, Wait
from .connection import Deadline, LinkLost, RedisConnection
from .resp import INCOMPLETE, ErrorReply
from .scripts import Command

logger = logging.getLogger(__name__)

# So many names one command subscribes: Redis does nothing else while it works on one.
NAMES_AT_ONCE = 500
# Under gevent nobody else runs while messages are handed on.
MESSAGES_AT_ONCE = 50
# Pauses between attempts to connect; chance spreads the processes that lost one server.
FIRST_PAUSE_SECONDS = 0.05
LONGEST_PAUSE_SECONDS = 3.0
# After so many attempts in vain nobody waits for the next: a thread server would run out of
# threads that all wait for the same Redis.
ATTEMPTS_TO_WAIT_FOR = 2
CLOSE_SECONDS = 2.0


class RedisListener:
    """Subscribes to names and hands on what is published under them, in Redis's order.

    :param control: names that are heard from the first connection on.
    :param hear: called with name and data; must not block.
    :param interrupted: messages may be missing from now on.
    :param restored: every name is heard again.
    """

    def __init__(
        self,
        address: RedisAddress,
        seconds: float,
        control: Collection[bytes],
        hear: Callable[[bytes, bytes], None],
        interrupted: Callable[[], None],
        restored: Callable[[], None],
    ) -> None:
        self._address = address
        self._seconds = seconds
        self._control = frozenset(control)
        self._hear = hear
        self._interrupted = interrupted
        self._restored = restored
        self._lock = threading.Lock()
        self._names = set(control)
        self._due = Confirmations()
        self._outgoing: list[Command] = []
        self._is_linked = False
        self._is_degraded = False
        self._failures = 0
        self._unrestored: set[bytes] | None = None
        self._must_drop: str | None = None
        self._is_closed = False
        self._thread: threading.Thread | None = None
        self._waker = Waker()

    @property
    def is_linked(self) -> bool:
        """Whether there is a connection, as far as one knows."""
        return self._is_linked

    @property
    def is_listening(self) -> bool:
        """Whether every name is heard."""
        with self._lock:
            return self._is_linked and not self._due

    @property
    def is_stuck(self) -> bool:
        """Whether Redis confirms nothing, though what is published may arrive all the same: as
        where only what we send vanishes."""
        with self._lock:
            return self._is_linked and self._due.fail_to_come(self._seconds / 2)

    def listen(self, names: Collection[bytes], deadline: Deadline) -> None:
        """Hear *names*, and the control names; returns when Redis has confirmed each.

        :raises LinkLost: if it has not before *deadline*, or if connecting has failed again and
            again; it is tried further.
        """
        with self._lock:
            if self._is_linked and not self._due and self._names.issuperset(names):
                return
            new = [name for name in names if name not in self._names]
            self._names.update(new)
            self._ask("SUBSCRIBE", new)
            wait = self._due.wait_for(
                name for name in (*self._control, *names) if not self._is_confirmed(name)
            )
            self._start()
            has_failed = wait.names and self._failures >= ATTEMPTS_TO_WAIT_FOR
        if new:
            self._waker.ring()
        if wait.names and (has_failed or not wait.done.wait(deadline.remaining())):
            with self._lock:
                self._due.give_up(wait)
            wait.failure = f"nothing was confirmed within {deadline.seconds:g} s"
            if has_failed:
                wait.failure = f"{self._failures} attempts to connect have failed"
        if wait.failure is not None:
            raise LinkLost(wait.failure, is_late=True)

    def ignore(self, names: Collection[bytes]) -> None:
        """Hear *names* no more."""
        with self._lock:
            gone = [name for name in names if name in self._names and name not in self._control]
            self._names.difference_update(gone)
            self._ask("UNSUBSCRIBE", gone)
        if gone:
            self._waker.ring()

    def drop(self, reason: str) -> None:
        """Connect anew, for this connection is no good any more."""
        self._must_drop = reason
        self._waker.ring()

    def close(self) -> None:
        """End the thread and the connection."""
        with self._lock:
            self._is_closed = True
            thread = self._thread
        self._waker.ring()
        if thread is not None and thread is not threading.current_thread():
            thread.join(CLOSE_SECONDS)
        if thread is None:
            self._waker.close()

    # Within the lock.

    def _is_confirmed(self, name: bytes) -> bool:
        return self._is_linked and name in self._names and name not in self._due

    def _ask(self, verb: str, names: Collection[bytes]) -> None:
        if not self._is_linked:
            return
        chosen = list(names)
        for start in range(0, len(chosen), NAMES_AT_ONCE):
            self._outgoing.append((verb, *chosen[start : start + NAMES_AT_ONCE]))
        if verb == "SUBSCRIBE":
            self._due.expect(chosen)

    def _start(self) -> None:
        if self._thread is None:
            thread = threading.Thread(target=self._run, name="realtime-redis-listener", daemon=True)
            thread.start()
            self._thread = thread

    # The thread.

    def _run(self) -> None:
        pause = FIRST_PAUSE_SECONDS
        while not self._is_closed:
            reason = "an error of our own"
            try:
                self._be_linked()
            except LinkLost as error:
                reason = str(error)
            except Exception:
                logger.exception("Listening to %s failed.", self._address)
            pause = FIRST_PAUSE_SECONDS if self._unlink() else pause
            if not self._is_closed:
                self._report(reason)
                self._release(reason)
                time.sleep(pause * (0.5 + random.random()))
                pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
        self._waker.close()

    def _report(self, reason: str) -> None:
        level = logging.WARNING if self._is_degraded else logging.ERROR
        self._is_degraded = True
        logger.log(level, "Not listening to %s, connecting anew: %s.", self._address, reason)

    def _release(self, reason: str) -> None:
        """Let nobody wait whom another attempt would keep waiting."""
        with self._lock:
            self._failures += 1
            has_to = self._failures >= ATTEMPTS_TO_WAIT_FOR
            waits = self._due.give_all_up() if has_to else []
        for wait in waits:
            wait.failure = reason
            wait.done.set()

    def _be_linked(self) -> None:
        link = RedisConnection(self._address, Deadline(self._seconds))
        try:
            self._link()
            with selectors.DefaultSelector() as selector:
                selector.register(link.socket, selectors.EVENT_READ)
                selector.register(self._waker, selectors.EVENT_READ)
                while not self._is_closed:
                    self._send(link)
                    ready = {key.fileobj for key, _ in selector.select()}
                    if self._waker in ready:
                        self._waker.silence()
                    if self._must_drop:
                        raise LinkLost(self._must_drop)
                    if link.socket in ready:
                        self._receive(link)
        finally:
            link.close()

    def _link(self) -> None:
        with self._lock:
            self._must_drop = None
            self._is_linked = True
            self._due.begin()
            self._outgoing = []
            self._ask("SUBSCRIBE", self._names)
            if self._unrestored is not None:
                self._unrestored = set(self._names)

    def _unlink(self) -> bool:
        """Note the loss; True if everything was heard before it."""
        with self._lock:
            was_heard = self._is_linked and not self._due
            was_linked = self._is_linked
            self._is_linked = False
            if was_linked:
                self._unrestored = set()
        if was_linked and not self._is_closed:
            self._interrupted()
        return was_heard

    def _send(self, link: RedisConnection) -> None:
        with self._lock:
            commands, self._outgoing = self._outgoing, []
        if commands:
            link.send_commands(commands, Deadline(self._seconds))

    def _receive(self, link: RedisConnection) -> None:
        confirmed: list[bytes] = []
        heard = 0
        link.receive(Deadline(self._seconds))
        while (reply := link.reader.next()) is not INCOMPLETE:
            if type(reply) is ErrorReply:
                raise LinkLost(str(reply))
            kind, name, data = reply
            if kind == b"message":
                self._hand_on(name, data)
                heard += 1
                if heard % MESSAGES_AT_ONCE == 0:
                    let_others_run()
            elif kind == b"subscribe":
                confirmed.append(name)
        if confirmed:
            self._confirm(confirmed)

    def _hand_on(self, name: bytes, data: bytes) -> None:
        try:
            self._hear(name, data)
        except Exception:
            logger.exception("What was published as %r could not be handed on.", name)

    def _confirm(self, names: Collection[bytes]) -> None:
        with self._lock:
            done = [wait for name in names for wait in self._confirm_one(name)]
            is_restored = self._unrestored is not None and not self._unrestored
            if is_restored:
                self._unrestored = None
            was_degraded = self._is_degraded
            if not self._due:
                self._is_degraded = False
                self._failures = 0
        for wait in done:
            wait.done.set()
        if was_degraded and not self._is_degraded:
            logger.warning("Listening to %s again.", self._address)
        if is_restored:
            self._restored()

    def _confirm_one(self, name: bytes) -> list[Wait]:
        done = self._due.confirm(name)
        if done is not None and self._unrestored is not None:
            self._unrestored.discard(name)
        return done or []
