"""What becomes of each message of one socket: some are answered at once, the rest is queued."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ..connection.connection import Connection
from ..errors import CloseCode, InvalidMessage
from ..identity.keys import shorten
from ..messages.conversation import Client, Conversation
from ..protocol.messages import (
    Message,
    Reply,
    error_reply,
    parse_message,
    parse_positions,
    parse_speaks,
)
from ..registries.records import Arrival
from ..registries.subscriptions import Subscriptions
from ..threads import clock
from .resumption import Resumption

if TYPE_CHECKING:
    from ..messages.conversations import Conversations
    from ..transport.handshake import Handshake

logger = logging.getLogger(__name__)

# Messages from this size on wait as text, and are parsed again later: parsed JSON takes up to 20
# times the memory.
LARGE_CHARACTERS = 16 * 1024

# What is left of most arrivals once the socket is on its channels: one object for all sockets.
_ENTERED = {is_resumed: Arrival(None, (), is_resumed) for is_resumed in (False, True)}


@dataclass(frozen=True, slots=True)
class Services:
    """What all inboxes of a process share.

    :param forget: forgets a connection that has ended.
    """

    conversations: Conversations
    resumption: Resumption
    max_bytes: int
    forget: Callable[[Connection], None]


class Inbox:
    """Receives the messages of *connection*.

    :param arrival: what was known of its client at the handshake.
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
        # As it is now, whatever is connected to the signals later.
        self._joins = services.conversations.have_joining
        self._leaves = services.conversations.have_leaving

    def opened(self) -> None:
        """Put the socket, whose 101 is on its way, on its channels, or wait for ``resume``."""
        connection = self._connection
        logger.info("Socket %s opened from %s.", shorten(connection.digest), connection.address)
        if self._joins:
            connection.worker.submit(lambda: self._services.conversations.join(self._converse()))
        if self._awaits_resume:
            self._services.resumption.await_resume(connection)
        else:
            self._services.resumption.begin(connection, self._take_subscriptions())

    def received(self, message: str | bytes) -> None:
        """Answer or queue one message; blocks while too many wait."""
        connection = self._connection
        if not connection.is_receptive:
            return
        if self._is_too_big(message):
            connection.close(CloseCode.TOO_BIG, "Message is too big")
            return
        try:
            if isinstance(message, bytes):
                raise InvalidMessage("A message is JSON in a text frame; this frame was binary.")
            parsed = parse_message(message)
        except InvalidMessage as error:
            if self._takes_token(error.message_id):
                self._refuse(error.message_id, 400, error.reason)
            return
        if self._takes_token(parsed.id):
            self._take(parsed, message)

    def takes_frame(self) -> bool:
        """Return whether one more frame is heeded.

        A piece of a message, a ping or a pong takes as much time as a message, and counts as one.
        """
        bucket = self._connection.bucket
        if bucket.take():
            return True
        if bucket.is_exhausted:
            self._connection.close(CloseCode.POLICY_VIOLATION, "Far over the rate limit")
        return False

    def closed(self) -> None:
        """Run what is left of a socket that has ended, then forget it."""
        connection = self._connection
        connection.worker.wait_until_idle(None)
        try:
            if self._leaves:
                self._services.conversations.leave(self._converse())
        finally:
            self._services.forget(connection)
        logger.info(
            "Socket %s closed (%d) after %.1f s.",
            shorten(connection.digest),
            connection.close_code,
            clock.monotonic() - connection.opened_at,
        )

    def _take(self, message: Message, text: str) -> None:
        if self._awaits_resume:
            self._resume(message)
        elif message.action == "ping":
            self._reply(Reply(message.id, 200, {}, "pong"))
        elif message.action == "resume":
            self._refuse(
                message.id,
                400,
                "A socket resumes once, with resume=1 in its address and as its first message.",
            )
        else:
            self._connection.reading.wait_for_handling()
            self._connection.reading.pending.enter(len(text))
            self._connection.worker.submit(self._job(message, text))

    def _resume(self, message: Message) -> None:
        if message.action != "resume":
            self._refuse(
                message.id,
                400,
                "The address says resume=1, so the first "
                f"message must be 'resume', not {message.action!r}.",
            )
            return
        try:
            named = parse_positions(message.data)
        except InvalidMessage as error:
            self._refuse(message.id, 400, error.reason)
            return
        self._awaits_resume = False
        known = self._take_subscriptions()
        self._connection.speaks = parse_speaks(message.data)
        self._services.resumption.resume(self._connection, known, message.id, named)

    def _take_subscriptions(self) -> Subscriptions | None:
        """Return what the client was subscribed to, and keep it no longer: it may be much."""
        arrival = self._arrival
        if arrival.waiting:
            self._arrival = replace(arrival, subscriptions=None)
        else:
            self._arrival = _ENTERED[arrival.is_resumed]
        return arrival.subscriptions

    def _job(self, message: Message, text: str) -> Callable[[], None]:
        size = len(text)
        if size < LARGE_CHARACTERS:
            return lambda: self._handle(message, size)
        return lambda: self._handle(parse_message(text), size)

    def _handle(self, message: Message, size: int) -> None:
        try:
            self._reply(self._services.conversations.answer(self._converse(), message))
        finally:
            self._connection.disconnects_behind_reply = False
            self._connection.reading.pending.leave(size)

    def _converse(self) -> Conversation:
        if self._conversation is None:
            client = Client(
                self._connection_id, self._connection.digest, self._disconnect_behind_reply
            )
            self._conversation = self._services.conversations.begin(
                client, self._environ, self._arrival
            )
        return self._conversation

    def _disconnect_behind_reply(self) -> None:
        self._connection.disconnects_behind_reply = True

    def _takes_token(self, message_id: Any) -> bool:
        if self.takes_frame():
            return True
        self._refuse(
            message_id,
            429,
            "Too many messages; this one was not handled. See REALTIME_MAX_MESSAGES_PER_SECOND.",
        )
        return False

    def _is_too_big(self, message: str | bytes) -> bool:
        # simple-websocket counts characters, of which one may have four bytes.
        limit = self._services.max_bytes
        return len(message) * 4 > limit and (
            len(message if isinstance(message, bytes) else message.encode()) > limit
        )

    def _refuse(self, message_id: Any, status: int, why: str) -> None:
        self._reply(error_reply(message_id, status, why))

    def _reply(self, reply: Reply) -> None:
        self._connection.reply(reply.to_json())
