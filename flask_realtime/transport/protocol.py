"""The WebSocket protocol (RFC 6455) by wsproto, except for the frames that most messages are.

:class:`FrameReader` reads text messages that come whole, in one frame; wsproto reads all other
frames. :class:`MessageLimit` keeps what a message's frames hold, as bytes: text may take four times
as much memory, and wsproto would keep it until the next frame.
"""

from __future__ import annotations

import logging
import zlib
from collections.abc import Generator
from typing import Any

from wsproto.connection import Connection as WsprotoConnection
from wsproto.connection import ConnectionState, ConnectionType
from wsproto.events import BytesMessage, CloseConnection, Event, Ping, TextMessage
from wsproto.extensions import Extension
from wsproto.frame_protocol import (
    CloseReason,
    FrameDecoder,
    FrameProtocol,
    Opcode,
    ParseFailed,
    RsvBits,
)

from ..connection.connection import Connection
from ..connection.limits import too_big
from ..errors import CloseCode
from ..threads.time_slice import TimeSlice
from .frame_reader import DEFLATE_TAIL, FrameReader, inflate

logger = logging.getLogger(__name__)

_NO_BITS = RsvBits(False, False, False)


class Protocol:
    """What simple-websocket takes for wsproto's connection, from the 101 on.

    wsproto's is made for the first frame that is left to it: for most sockets that is their last,
    the close frame.

    :param connection: the connection that is read; it answers pings.
    :param deflates: whether the peer may send deflated messages.
    :param max_message_bytes: how large a message may be.
    """

    __slots__ = ("_connection", "_data", "_limit", "_made", "_most", "_reader")

    def __init__(self, connection: Connection, deflates: bool, max_message_bytes: int) -> None:
        self._connection = connection
        self._most = max_message_bytes
        time_slice = connection.reading.time_slice
        self._reader = FrameReader(deflates, max_message_bytes + 1, time_slice)
        self._data = b""
        self._limit = MessageLimit(deflates, max_message_bytes, time_slice)
        self._made: WsprotoConnection | None = None

    @property
    def state(self) -> ConnectionState:
        """How far the closing is."""
        return ConnectionState.OPEN if self._made is None else self._made.state

    def send(self, event: Event) -> bytes:
        """Return the bytes that tell the peer of *event*."""
        return self._wsproto().send(event)

    def receive_data(self, data: bytes | None) -> None:
        """Take the bytes that the peer has sent; None when the peer has ended the connection."""
        if data is None or not self._reader.is_between:
            self._leave(data)
        else:
            self._data = data

    def events(self) -> Generator[Event, None, None]:
        """Hand on the messages, and yield what else came, in order.

        Pings are answered here, in their turn: simple-websocket would answer them only behind the
        messages that came along with them, of which one may have to wait until others are handled.
        """
        connection, receiver = self._connection, self._connection.receiver
        assert receiver is not None
        if self._has_read_all():
            return
        for event in self._wsproto().events():
            connection.reading.yield_turn()
            is_heeded = _is_message_end(event) or receiver.takes_frame()
            if isinstance(event, TextMessage | BytesMessage):
                if event.message_finished and not self._hand_on_taken(event):
                    yield CloseConnection(CloseReason.INVALID_FRAME_PAYLOAD_DATA)
                    return
            elif not isinstance(event, Ping):
                yield event
            elif is_heeded:
                connection.write(self.send(event.response()))

    def _hand_on_taken(self, event: TextMessage | BytesMessage) -> bool:
        """Hand on the message that ends with *event*; return False if its text is no UTF-8."""
        taken = self._limit.take()
        if isinstance(event, BytesMessage):
            self._hand_on(taken)
        else:
            try:
                text = taken.decode()
            except UnicodeDecodeError:
                return False
            del taken
            self._hand_on(text)
            del text
        self._settle()
        return True

    def _hand_on(self, message: str | bytes) -> None:
        receiver = self._connection.receiver
        assert receiver is not None
        try:
            receiver.received(message)
        except Exception:
            self._fail()

    def _settle(self) -> None:
        """Wait if need be, now that nothing of the message is kept here."""
        try:
            self._connection.reading.settle()
        except Exception:
            self._fail()

    def _fail(self) -> None:
        # An OSError would end simple-websocket's loop without a word.
        logger.exception("Receiving a message failed; closing its socket.")
        self._connection.close(CloseCode.INTERNAL_ERROR, "An error of the server's.")

    def _has_read_all(self) -> bool:
        """Hand on the messages that the bytes begin with; return whether there is nothing else."""
        data, at = self._data, 0
        self._data = b""
        while at < len(data) and (found := self._reader.read(data, at)) is not None:
            text, end = found
            if len(text) > self._most:
                # Told by wsproto.
                break
            at = end
            self._connection.reading.yield_turn()
            self._hand_on(text)
            del text, found
            self._settle()
        if at < len(data):
            self._leave(data[at:])
            return False
        return bool(data)

    def _wsproto(self) -> WsprotoConnection:
        if self._made is None:
            self._made = WsprotoConnection(ConnectionType.SERVER, [self._limit])
        return self._made

    def _leave(self, data: bytes | None) -> None:
        if data is not None:
            self._reader.skip(data)
        self._wsproto().receive_data(data)


class MessageLimit(Extension):
    """permessage-deflate (RFC 7692), and the limit of a message's size, deflated or not.

    wsproto's own extension inflates all that has come at once, and counts only then: 16 KiB may
    become 16 MiB. Neither side keeps an inflater between messages, as the handshake has agreed.

    :param deflates: whether the peer may send deflated messages.
    :param most: how many bytes a message may have, inflated.
    :param time_slice: shared by the readers of all sockets of the process.
    """

    name = "permessage-deflate"

    def __init__(self, deflates: bool, most: int, time_slice: TimeSlice) -> None:
        self._time_slice = time_slice
        self._deflates = deflates
        self._most = self._left = most
        self._is_control = False
        self._inflater: Any = None
        self._message = bytearray()

    def take(self) -> bytes:
        """Return the message that has ended, and keep it no longer."""
        message, self._message, self._inflater = bytes(self._message), bytearray(), None
        return message

    def enabled(self) -> bool:
        """Return True: this package has agreed on the extension by itself, or limits messages
        alone."""
        return True

    def offer(self) -> bool:
        """Return False: a server offers no extension."""
        return False

    def frame_inbound_header(
        self, proto: FrameDecoder | FrameProtocol, opcode: Opcode, rsv: RsvBits, payload_length: int
    ) -> CloseReason | RsvBits:
        """Return the reserved bits that the frame may have."""
        self._is_control = opcode.iscontrol()
        if self._is_control or opcode is Opcode.CONTINUATION:
            return _NO_BITS
        self._left = self._most
        self._message = bytearray()
        is_deflated = rsv.rsv1 and self._deflates
        self._inflater = zlib.decompressobj(-zlib.MAX_WBITS) if is_deflated else None
        return RsvBits(self._deflates, False, False)

    def frame_inbound_payload_data(
        self, proto: FrameDecoder | FrameProtocol, data: bytes
    ) -> bytes | CloseReason:
        """Keep some bytes of a message, inflated; return those of a control frame.

        :raises ParseFailed: if the message has too many.
        """
        return data if self._is_control else self._count(data)

    def frame_inbound_complete(
        self, proto: FrameDecoder | FrameProtocol, fin: bool
    ) -> bytes | CloseReason | None:
        """Keep the rest of a message whose last frame has ended."""
        if not fin or self._is_control or self._inflater is None:
            return None
        return self._count(DEFLATE_TAIL)

    def _count(self, data: bytes) -> bytes | CloseReason:
        if self._inflater is not None:
            try:
                data = inflate(self._inflater, data, self._left + 1, self._time_slice)
            except zlib.error:
                return CloseReason.INVALID_FRAME_PAYLOAD_DATA
        self._left -= len(data)
        if self._left < 0:
            raise ParseFailed(too_big(self._most), CloseReason.MESSAGE_TOO_BIG)
        self._message += data
        return b""


def _is_message_end(event: Event) -> bool:
    """Return whether *event* ends a message, which the receiver counts, or the connection."""
    if isinstance(event, TextMessage | BytesMessage):
        return event.message_finished
    return isinstance(event, CloseConnection)
