"""Listens to Redis over one connection, on one thread that never gives up."""

from __future__ import annotations

import logging
import selectors
import threading
from collections.abc import Callable, Collection

from ...threads.background import BackgroundThread
from ...threads.pause import let_others_run
from ...threads.waker import Waker
from .address import RedisAddress
from .backoff import Backoff
from .confirmations import Confirmations, Wait
from .connection import ConnectionLost, Deadline, RedisConnection
from .outage_log import Loss
from .resp import ErrorReply
from .scripts import Command

logger = logging.getLogger(__name__)

# How many names one command subscribes to: Redis does nothing else while it runs a command.
NAMES_AT_ONCE = 500
# How many messages are handed on between two pauses; under gevent no other greenlet runs meanwhile.
MESSAGES_AT_ONCE = 50
# After how many failed attempts in a row listen() fails at once: else a thread server would run out
# of threads, all waiting for the same Redis.
ATTEMPTS_TO_WAIT_FOR = 2
CLOSE_SECONDS = 2.0


class RedisListener:
    """Subscribes to names and hands on what is published under them, in Redis's order.

    :param address: where Redis is.
    :param seconds: how long connecting, sending and receiving may take each.
    :param control: names that are heard from the first connection on.
    :param hear: is called with the name and the data of each message; it must not block.
    :param interrupted: is called when messages may be missing from now on.
    :param restored: is called when every name is heard again.
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
        #: Whether there is a connection, as far as this process knows.
        self.is_connected = False
        self._loss = Loss(address)
        self._failures = 0
        # After a loss, the names that the new connection has not confirmed yet; else None.
        self._unrestored: set[bytes] | None = None
        self._must_drop: str | None = None
        self._is_closing = threading.Event()
        self._has_ended = threading.Event()
        self._thread = BackgroundThread("realtime-redis-listener", self._run)
        self._waker = Waker()

    @property
    def is_listening(self) -> bool:
        """Whether every name is heard, as far as this process knows."""
        with self._lock:
            return self.is_connected and not self._due

    def hears(self, name: bytes) -> bool:
        """Return whether Redis has confirmed, over the present connection, that *name* is heard."""
        with self._lock:
            return self._is_confirmed(name)

    @property
    def is_stuck(self) -> bool:
        """Whether confirmations are due, and Redis has sent none for half a timeout.

        Messages may arrive all the same, if only what this process sends is lost on its way.
        """
        with self._lock:
            return self.is_connected and self._due.fail_to_come(self._seconds / 2)

    def listen(self, names: Collection[bytes], deadline: Deadline) -> None:
        """Hear *names*, and the control names; return when Redis has confirmed each.

        :raises ConnectionLost: if Redis has not confirmed them before *deadline*, or if connecting
            has failed again and again. The listener goes on trying.
        """
        with self._lock:
            if self.is_connected and not self._due and self._names.issuperset(names):
                return
            self._thread.start()
            new = [name for name in names if name not in self._names]
            self._names.update(new)
            self._ask("SUBSCRIBE", new)
            wait = self._due.wait_for(
                name for name in (*self._control, *names) if not self._is_confirmed(name)
            )
            is_hopeless = self._failures >= ATTEMPTS_TO_WAIT_FOR
        if new:
            self._waker.ring()
        if wait.names:
            self._wait(wait, is_hopeless, deadline)
        if wait.failure is not None:
            raise ConnectionLost(wait.failure, is_late=True)

    def ignore(self, names: Collection[bytes]) -> None:
        """Stop hearing *names*."""
        with self._lock:
            gone = [name for name in names if name in self._names and name not in self._control]
            self._names.difference_update(gone)
            self._ask("UNSUBSCRIBE", gone)
        if gone:
            self._waker.ring()

    def ask_for_life(self) -> None:
        """Ask Redis to confirm the control names again; if it does not, :attr:`is_stuck` tells."""
        with self._lock:
            if not self._due:
                self._ask("SUBSCRIBE", self._control)
        self._waker.ring()

    def drop(self, reason: str) -> None:
        """Give up the present connection and connect anew.

        :param reason: what is wrong with the connection, for the log.
        """
        self._must_drop = reason
        self._waker.ring()

    def close(self) -> None:
        """End the thread and the connection."""
        self._is_closing.set()
        self._waker.ring()
        if self._thread.is_started:
            self._has_ended.wait(CLOSE_SECONDS)
        else:
            self._waker.close()

    def _wait(self, wait: Wait, is_hopeless: bool, deadline: Deadline) -> None:
        try:
            if is_hopeless:
                wait.failure = f"{self._failures} attempts to connect have failed"
            elif not wait.done.wait(deadline.remaining()):
                wait.failure = f"nothing was confirmed within {deadline.seconds:g} s"
        finally:
            # This has to be done even if the deadline was over, or this greenlet is killed.
            with self._lock:
                self._due.give_up(wait)

    # Within the lock.

    def _is_confirmed(self, name: bytes) -> bool:
        return self.is_connected and name in self._names and name not in self._due

    def _ask(self, verb: str, names: Collection[bytes]) -> None:
        if not self.is_connected:
            return
        chosen = list(names)
        for start in range(0, len(chosen), NAMES_AT_ONCE):
            self._outgoing.append((verb, *chosen[start : start + NAMES_AT_ONCE]))
        if verb == "SUBSCRIBE":
            self._due.expect(chosen)

    # The thread.

    def _run(self) -> None:
        backoff = Backoff()
        while not self._is_closing.is_set():
            reason = "an error within this package"
            try:
                self._stay_connected()
            except ConnectionLost as error:
                reason = str(error)
            except Exception:
                logger.exception("Listening to %s failed.", self._address)
            if self._note_loss():
                backoff.reset()
            if not self._is_closing.is_set():
                self._loss.report(reason)
                self._release(reason)
                self._is_closing.wait(backoff.next_seconds())
        self._waker.close()
        self._has_ended.set()

    def _release(self, reason: str) -> None:
        """After too many failed attempts, end the waits of all callers."""
        with self._lock:
            self._failures += 1
            is_hopeless = self._failures >= ATTEMPTS_TO_WAIT_FOR
            waits = self._due.give_all_up() if is_hopeless else []
        for wait in waits:
            wait.failure = reason
            wait.done.set()

    def _stay_connected(self) -> None:
        connection = RedisConnection(self._address, Deadline(self._seconds))
        try:
            self._note_connection()
            with selectors.DefaultSelector() as selector:
                selector.register(connection.socket, selectors.EVENT_READ)
                selector.register(self._waker, selectors.EVENT_READ)
                while not self._is_closing.is_set():
                    self._send(connection)
                    ready = {key.fileobj for key, _ in selector.select()}
                    if self._waker in ready:
                        self._waker.silence()
                    if self._must_drop:
                        raise ConnectionLost(self._must_drop)
                    if connection.socket in ready:
                        self._receive(connection)
        finally:
            connection.close()

    def _note_connection(self) -> None:
        with self._lock:
            self._must_drop = None
            self.is_connected = True
            self._due.begin()
            self._outgoing = []
            self._ask("SUBSCRIBE", self._names)
            if self._unrestored is not None:
                self._unrestored = set(self._names)

    def _note_loss(self) -> bool:
        """Note that the connection is lost; return True if every name was heard before."""
        with self._lock:
            was_heard = self.is_connected and not self._due
            was_connected = self.is_connected
            self.is_connected = False
            if was_connected:
                self._unrestored = set()
        if was_connected and not self._is_closing.is_set():
            self._interrupted()
        return was_heard

    def _send(self, connection: RedisConnection) -> None:
        with self._lock:
            commands, self._outgoing = self._outgoing, []
        if commands:
            connection.send_commands(commands, Deadline(self._seconds))

    def _receive(self, connection: RedisConnection) -> None:
        confirmed: list[bytes] = []
        heard = 0
        connection.receive(Deadline(self._seconds))
        for reply in connection.replies():
            if type(reply) is ErrorReply:
                raise ConnectionLost(str(reply))
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
            logger.exception("A message published as %r could not be delivered.", name)

    def _confirm(self, names: Collection[bytes]) -> None:
        with self._lock:
            done = [wait for name in names for wait in self._confirm_one(name)]
            is_restored = self._unrestored is not None and not self._unrestored
            if is_restored:
                self._unrestored = None
            is_heard = not self._due
            if is_heard:
                self._failures = 0
        for wait in done:
            wait.done.set()
        if is_heard:
            self._loss.end()
        if is_restored:
            self._restored()

    def _confirm_one(self, name: bytes) -> list[Wait]:
        done = self._due.confirm(name)
        if done is not None and self._unrestored is not None:
            self._unrestored.discard(name)
        return done or []
