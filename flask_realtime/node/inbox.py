"""What becomes of each message of one socket: some are answered at once, the rest is queued."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from ..connection.connection import Connection
from ..errors import CloseCode, InvalidMessage, RegistryUnavailable
from ..hub.catchup import CatchUp
from ..hub.hub import Hub
from ..identity.keys import shorten
from ..messages.conversation import Client, Conversation
from ..protocol.messages import Message, Reply, error_reply, parse_message, parse_positions
from ..protocol.positions import Position
from ..registries.records import Arrival
from ..registries.subscriptions import Subscriptions

if TYPE_CHECKING:
    from ..messages.conversations import Conversations
    from ..transport.handshake import Handshake

logger = logging.getLogger(__name__)

_ENTERED = {is_resumed: Arrival(None, (), is_resumed) for is_resumed in (False, True)}

# A client that says it will resume does so at once; one that does not is none.
RESUME_SECONDS = 60.0
# Messages from this size on wait as text, and are parsed again later: parsed JSON takes up to 20
# times the memory.
LARGE_CHARACTERS = 16 * 1024


@dataclass(frozen=True, slots=True)
class Services:
    """What all receptions of a process share.

    :param subscriptions: how a client stands now.
    :param changed: the subscriptions of a client may have changed unseen.
    :param gone: the socket is to be forgotten.
    """

    hub: Hub
    catch_up: CatchUp
    conversations: Conversations
    max_bytes: int
    subscriptions: Callable[[str], Subscriptions | None]
    changed: Callable[[str], None]
    gone: Callable[[Connection], None]


class Inbox:
    """Receives the messages of *connection*.

    :param arrival: what was known of its client at the handshake.
    """

    __slots__ = (
        "_arrival",
        "_awaits_resume",
        "_connection",
        "_connection_id",
        "_conversation",
        "_environ",
        "_joins",
        "_leaves",
        "_services",
    )

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
        """The 101 is on its way: put the client on its channels, or wait for its ``resume``."""
        logger.info(
            "Socket %s opened from %s.", shorten(self._connection.digest), self._connection.address
        )
        if self._joins:
            self._connection.worker.submit(
                lambda: self._services.conversations.join(self._converse())
            )
        if self._awaits_resume:
            self._connection.resume_by = time.monotonic() + RESUME_SECONDS
            return
        known = self._arrival.subscriptions or Subscriptions()
        starts = {name: one.sent or one.since for name, one in known.items()}
        self._begin(starts, None)

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
        """Whether one more frame is heeded: a piece of a message, a ping or a pong costs as much
        time as a message, and counts as one."""
        bucket = self._connection.bucket
        if bucket.take():
            return True
        if bucket.is_exhausted:
            self._connection.close(CloseCode.POLICY_VIOLATION, "Far over the rate limit")
        return False

    def enter(self, starts: Mapping[str, Position]) -> None:
        """Put the client on further channels, behind what its worker does now."""
        self._invite(starts, None)

    def closed(self) -> None:
        """The socket has ended: run what is left, then forget it."""
        connection = self._connection
        connection.worker.wait_until_idle(None)
        try:
            if self._leaves:
                self._services.conversations.leave(self._converse())
        finally:
            self._services.gone(connection)
        logger.info(
            "Socket %s closed (%d) after %.1f s.",
            shorten(connection.digest),
            connection.close_code,
            time.monotonic() - connection.opened_at,
        )

    def _job(self, message: Message, text: str) -> Callable[[], None]:
        size = len(text)
        if size < LARGE_CHARACTERS:
            return lambda: self._handle(message, size)
        return lambda: self._handle(parse_message(text), size)

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

    def _converse(self) -> Conversation:
        if self._conversation is None:
            one = self._connection
            hold = partial(setattr, one, "disconnects_behind_reply", True)
            client = Client(self._connection_id, one.digest, hold)
            self._conversation = self._services.conversations.begin(
                client, self._environ, self._arrival
            )
        return self._conversation

    def _handle(self, message: Message, size: int) -> None:
        try:
            self._reply(self._services.conversations.answer(self._converse(), message))
        finally:
            self._connection.disconnects_behind_reply = False
            self._connection.reading.pending.leave(size)

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
        self._connection.resume_by = None
        try:
            subscriptions = self._present()
        except RegistryUnavailable as error:
            self._close_away(error)
            return
        starts = {name: named.get(name, one.since) for name, one in subscriptions.items()}
        foreign = [name for name in named if name not in subscriptions]
        self._begin(starts, lambda lost: self._resumed(message, foreign + lost))

    def _present(self) -> Subscriptions:
        """What the client is subscribed to; who left a channel since the handshake shall not hear
        what was pushed there meanwhile."""
        known, connection = self._arrival.subscriptions, self._connection
        if known is None:
            known = Subscriptions()
        if self._services.hub.is_stale(connection):
            present = self._services.subscriptions(connection.digest)
            if present is not None:
                known = known.brought_to(present)
                self._services.hub.note(connection, known)
        return known

    def _close_away(self, error: RegistryUnavailable) -> None:
        logger.warning(
            "Closing %s, whose channels cannot be read: %s",
            shorten(self._connection.digest),
            error,
        )
        self._connection.close(CloseCode.TRY_AGAIN_LATER, "The registry is away; come back.")

    def _resumed(self, message: Message, lost: list[str]) -> None:
        known = self._arrival.subscriptions is not None
        reply = {"id": message.id, "status": 200, "known": known, "lost": lost}
        self._connection.reply(json.dumps(reply))

    def _begin(
        self, starts: Mapping[str, Position], report: Callable[[list[str]], None] | None
    ) -> None:
        """Put the client on its first channels: at once, if it has missed nothing, since a worker
        takes a tenth of the time of a handshake, and 2 KB of the socket's memory."""
        if self._connection.worker.pending or not self._services.catch_up.is_done(starts):
            self._invite(starts, report)
            return
        self._services.hub.invite(self._connection, starts)
        self._enter(report)

    def _invite(
        self, starts: Mapping[str, Position], report: Callable[[list[str]], None] | None
    ) -> None:
        # At once: who leaves one meanwhile does not enter it after all.
        self._services.hub.invite(self._connection, starts)
        self._connection.worker.submit(lambda: self._enter(report))

    def _enter(self, report: Callable[[list[str]], None] | None) -> None:
        connection = self._connection
        try:
            self._services.catch_up.run(connection, report)
        except RegistryUnavailable as error:
            self._close_away(error)
            return
        # Nobody asks any more, and they are many.
        waiting, is_resumed = self._arrival.waiting, self._arrival.is_resumed
        self._arrival = Arrival(None, waiting, is_resumed) if waiting else _ENTERED[is_resumed]
        if self._services.hub.mark_subscribed(connection):
            self._services.changed(connection.digest)

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
