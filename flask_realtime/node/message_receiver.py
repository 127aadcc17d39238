"""Receives the messages of one socket: answers some at once, and has the others handled in turn."""

from __future__ import annotations

import logging
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from ..connection.connection import Connection
from ..connection.limits import TOO_MANY_MESSAGES, tokens_for, too_big
from ..errors import CloseCode, InvalidMessage
from ..identity.keys import session_of, shorten
from ..messages.conversation import Conversation
from ..messages.large_messages import LARGE_BYTES, id_of
from ..messages.memory_budget import NotWanted
from ..messages.page_of_socket import PageOfSocket
from ..protocol.messages import Message, Reply, error_reply, parse_message, parse_speaks, peek
from ..registries.records import Arrival
from ..registries.subscriptions import Subscriptions
from ..threads import clock
from .asking_socket import AskingSocket
from .resumption import RESUMES_ONCE, read_resume
from .services import Services
from .unhandled_messages import answer_large, send_back

if TYPE_CHECKING:
    from ..transport.handshake import Handshake

logger = logging.getLogger(__name__)

# The actions that are answered on the thread that reads the socket.
_OWN_ACTIONS = frozenset(["ping", "resume"])

# What is kept of most arrivals once the socket is on its channels: shared by all sockets, to save
# memory.
_ENTERED = {is_resumed: Arrival(None, (), is_resumed) for is_resumed in (False, True)}


class MessageReceiver:
    """Receives the messages of one socket, on the thread that reads the socket.

    ``ping`` and ``resume`` are answered at once. Every other message waits in the socket's queue
    of jobs, which handles one message at a time.

    :param connection: the socket.
    :param services: what all sockets share.
    :param handshake: the handshake that opened the socket.
    :param arrival: what the registry knew of the client at the handshake.
    """

    __slots__ = (
        "_arrival", "_awaits_resume", "_connection", "_connection_id", "_conversation", "_environ",
        "_joins", "_leaves", "_services",
    )  # fmt: skip

    def __init__(
        self,
        connection: Connection,
        services: Services,
        handshake: Handshake,
        arrival: Arrival,
    ) -> None:
        self._connection = connection
        self._services = services
        self._environ = handshake.environ
        self._connection_id = handshake.connection_id
        self._arrival = arrival
        self._awaits_resume = handshake.resumes
        self._conversation: Conversation | None = None
        # Asked once: a function that is connected to a signal later does not concern this socket.
        self._joins = services.conversations.has_join_hooks
        self._leaves = services.conversations.has_leave_hooks

    def opened(self) -> None:
        """Put the socket on its channels, or wait for ``resume`` if the client has promised it."""
        connection = self._connection
        logger.info("Socket %s opened from %s.", shorten(connection.digest), connection.address)
        if self._joins:
            connection.jobs.submit(lambda: self._services.conversations.join(self.converse()))
        if self._awaits_resume:
            self._services.resumption.await_resume(connection)
        else:
            self._services.resumption.begin(connection, self._take_subscriptions())

    def received(self, message: str | bytes) -> None:
        """Answer one message, or queue it; while too many wait, ``Reading.settle`` queues it.

        While the socket waits to be closed behind its running message, others are sent back.
        """
        connection = self._connection
        if not connection.is_open:
            return
        data = message if isinstance(message, bytes) else message.encode()
        if len(data) > self._services.max_bytes:
            connection.close(CloseCode.TOO_BIG, too_big(self._services.max_bytes))
        elif len(data) < LARGE_BYTES:
            self._receive(message, data)
        else:
            self._receive_large(message, data)

    def takes_frame(self, tokens: int = 1) -> bool:
        """Return whether the rate limit of the socket allows one more frame.

        A piece of a message, a ping and a pong take as much time as a message, and count as one.

        :param tokens: as how many messages the frame counts.
        """
        bucket = self._connection.bucket
        if bucket.take(tokens):
            return True
        if bucket.is_exhausted:
            self._connection.close(CloseCode.POLICY_VIOLATION, "Far over the rate limit")
        return False

    def closed(self) -> None:
        """Let the message end that is being handled, and run the app's leave hooks; then forget the
        socket. The messages behind that one have been dropped."""
        connection = self._connection
        try:
            connection.jobs.wait_until_idle(None)
            if self._leaves:
                self._services.conversations.leave(self.converse())
        finally:
            self._services.forget(connection)
            self._conversation = None  # It holds this receiver: only the collector frees circles.
        code, seconds = connection.close_code, clock.monotonic() - connection.opened_at
        name = shorten(connection.digest)
        logger.info("Socket %s closed (%d) after %.1f s.", name, code, seconds)

    def converse(self, keeps: bool = True) -> Conversation:
        """Return the socket's conversation with the app. Call it in one of the socket's jobs.

        :param keeps: False: make it for this call alone where there is none yet, to save memory.
        """
        if self._conversation is not None:
            return self._conversation
        one, behind_reply = self._connection, self._disconnect_behind_reply
        reached, lose = partial(self._services.resumption.reached, one), self._lose_session
        page = PageOfSocket(self._connection_id, one.digest, behind_reply, lose, reached)
        found = self._services.conversations.begin(page, self._environ, self._arrival)
        self._conversation = found if keeps else None
        return found

    def _receive(self, message: str | bytes, data: bytes) -> None:
        try:
            if isinstance(message, bytes):
                raise InvalidMessage("A message is JSON in a text frame; this frame was binary.")
            parsed = parse_message(message)
        except InvalidMessage as error:
            if self._takes_tokens(data, error.message_id):
                self._refuse(error.message_id, 400, error.reason)
            return
        if self._takes_tokens(data, parsed.id):
            self._take(parsed, data)

    def _receive_large(self, message: str | bytes, data: bytes) -> None:
        """Receive a message that takes long to parse, and much memory once it is parsed."""
        head = None if isinstance(message, bytes) else peek(message)
        if not self._takes_tokens(data, head and head[0]):
            return
        if head is not None and head[1] not in _OWN_ACTIONS and not self._awaits_resume:
            self._queue(data)
            return
        try:
            if isinstance(message, bytes):
                raise InvalidMessage("A message is JSON in a text frame; this frame was binary.")
            time_slice = self._connection.reading.time_slice
            parsed = self._services.large.look(message, time_slice)
        except InvalidMessage as error:
            return self._refuse(error.message_id, 400, error.reason)
        if parsed.action in _OWN_ACTIONS or self._awaits_resume:
            return self._take(parsed, data)
        self._queue(data)

    def _take(self, message: Message, data: bytes) -> None:
        if self._awaits_resume:
            if self._connection.is_receptive:
                self._resume(message)
        elif message.action == "ping":
            self._reply(Reply(message.id, 200, {}, "pong"))
        elif message.action == "resume":
            self._refuse(message.id, 400, RESUMES_ONCE)
        else:
            self._queue(data, message)

    def _queue(self, data: bytes, message: Message | None = None) -> None:
        """Have a message handled after those before it. One that has to wait is kept as the bytes
        that came, since parsed JSON takes up to twenty times as much memory."""
        reading = self._connection.reading
        kept = None if reading.pending.is_full else message
        reading.when_there_is_room(lambda: self._submit(data, kept))

    def _submit(self, data: bytes, message: Message | None) -> None:
        connection = self._connection
        if not connection.is_receptive:
            return self._send_back(message or data)
        connection.reading.pending.enter(len(data))
        is_next = not connection.jobs.pending and len(data) < LARGE_BYTES
        kept = message if message is not None and is_next else data
        connection.jobs.submit(lambda: self._handle(kept, len(data)))

    def _resume(self, message: Message) -> None:
        try:
            named = read_resume(message)
        except InvalidMessage as error:
            return self._refuse(message.id, 400, error.reason)
        self._awaits_resume = False
        known = self._take_subscriptions()
        self._connection.speaks = parse_speaks(message.data)
        self._services.resumption.resume(self._connection, known, message.id, named)

    def _take_subscriptions(self) -> Subscriptions | None:
        """Return what the client was subscribed to, and let go of it, since it may be much."""
        arrival = self._arrival
        if arrival.waiting:
            self._arrival = replace(arrival, subscriptions=None)
        else:
            self._arrival = _ENTERED[arrival.is_resumed]
        return arrival.subscriptions

    def _handle(self, message: Message | bytes, size: int) -> None:
        connection = self._connection
        try:
            # A peer that takes nothing would else have several large replies in memory. Waited for
            # first, since a message takes much more memory once it is parsed.
            connection.outbox.wait_until_replied(self._may_begin)
            if self._may_begin():
                self._read_and_answer(message, size)
            else:
                self._send_back(message)
        except NotWanted:
            self._send_back(message)
        except InvalidMessage as error:
            self._refuse(error.message_id, 400, error.reason)
        except BaseException:
            # A gevent.Timeout that an earlier handler began and did not end is raised wherever the
            # thread waits next, for memory say.
            self._refuse(id_of(message), 500, "The server failed on this message.")
            raise
        finally:
            connection.reading.pending.leave(size)

    def _read_and_answer(self, message: Message | bytes, size: int) -> None:
        connection, large = self._connection, self._services.large
        if isinstance(message, bytes) and size < LARGE_BYTES:
            message = parse_message(message.decode())
        if isinstance(message, Message):
            return self._answer(message, size)
        answer_large(connection, message, large, partial(self._hold_and_answer, message, size))

    def _hold_and_answer(self, data: bytes, size: int) -> None:
        large, shared = self._services.large, self._connection.reading.time_slice
        session = session_of(self._connection.digest)
        view_of = partial(self._services.conversations.view_of, self._environ)
        with large.hold(data, shared, session, self._may_begin, view_of) as message:
            self._answer(message, size)

    def _send_back(self, message: Message | bytes) -> None:
        send_back(self._connection, message, self._services.large)

    def _answer(self, message: Message, size: int) -> None:
        connection, conversations = self._connection, self._services.conversations
        began = connection.reading.time_slice.begin()
        try:
            asker = AskingSocket(connection, self._services.has_room)
            if not conversations.answer(self.converse(), message, self._reply, asker, size):
                # Code of the app, which may have waited for something, has not run.
                connection.reading.time_slice.end(began)
        finally:
            connection.disconnects_behind_reply = False

    def _may_begin(self) -> bool:
        return self._connection.is_receptive

    def _disconnect_behind_reply(self, user: str | None = None) -> None:
        if user in (None, self._connection.user):
            self._connection.disconnects_behind_reply = True

    def _lose_session(self) -> None:
        self._disconnect_behind_reply()
        self._services.lose_session(self._connection)

    def _takes_tokens(self, data: bytes, message_id: Any) -> bool:
        if self.takes_frame(tokens_for(data, self._environ.get("HTTP_COOKIE", ""))):
            return True
        self._refuse(message_id, 429, TOO_MANY_MESSAGES)
        return False

    def _refuse(self, message_id: Any, status: int, why: str) -> None:
        self._reply(error_reply(message_id, status, why))

    def _reply(self, reply: Reply) -> None:
        self._connection.reply(reply.to_json())
