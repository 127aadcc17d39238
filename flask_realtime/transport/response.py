"""The response that answers an accepted handshake, and whose iteration runs the socket.

The handshake runs in a Flask view; the socket lives in the iteration of that view's response,
which a WSGI server begins after Flask has popped the request's contexts.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from flask import Response

from ..connection.connection import Connection
from ..errors import CloseCode
from ..page.former_session import forget_snapshot
from .adapter import read
from .handshake import Handshake, Refusal, refuse

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


class Admission(Protocol):
    """Registers the connection of a handshake that was accepted, or raises :exc:`Refusal`."""

    def __call__(self, handshake: Handshake) -> Connection: ...


class SocketResponse(Response):
    """The response to an accepted handshake; its iteration runs the socket.

    :param handshake: the handshake.
    :param admit: registers the connection.
    :param max_message_bytes: how many bytes a message of the peer may have.
    """

    def __init__(self, handshake: Handshake, admit: Admission, max_message_bytes: int) -> None:
        super().__init__(status=101)
        #: The handshake that this response answers.
        self.handshake = handshake
        self._admit = admit
        self._max_message_bytes = max_message_bytes

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Any:
        """Register the connection, after ``after_request`` and the saving of the session."""
        if self.status_code != 101:
            # An after_request function of the app has refused the handshake.
            return super().__call__(environ, start_response)
        # Here and not at the end of the socket, which keeps nothing of its request.
        self.close()
        try:
            if self.handshake.refusal is not None:
                raise self.handshake.refusal
            connection = self._admit(self.handshake)
        except Refusal as refusal:
            return refuse(refusal)(environ, start_response)
        life = SocketLife(connection, self.handshake.deflates, self._max_message_bytes)
        try:
            self.handshake.descriptor.take_over()
            # For middleware and the access log: no server sends this before the first byte of a
            # body, and there will be none. No Set-Cookie, since a socket that opens late would undo
            # what HTTP has changed in the session since the page was rendered.
            start_response("101 Switching Protocols", [])
        except BaseException:
            # The error may be the middleware's. Nobody else gives the socket's place back.
            connection.cut()
            life.close()
            raise
        # The server keeps the environ until the socket ends, and the environ has the request.
        environ.pop("werkzeug.request", None)
        forget_snapshot(environ)
        return life


class SocketLife:
    """Runs the socket when the server begins to iterate over it.

    At the end the socket's fd is shut down. The server then tries to send a response head, finds
    the pipe broken, and takes that for a client that has gone, as every server does.

    :param connection: the socket.
    :param deflates: whether the peer sends deflated messages.
    :param max_message_bytes: how large a message may be.
    """

    __slots__ = ("_connection", "_deflates", "_is_begun", "_max_message_bytes")

    def __init__(self, connection: Connection, deflates: bool, max_message_bytes: int) -> None:
        self._connection = connection
        self._deflates = deflates
        self._max_message_bytes = max_message_bytes
        self._is_begun = False

    def __iter__(self) -> Iterator[bytes]:
        self._is_begun = True
        self._connection.live(
            partial(read, self._connection, self._deflates, self._max_message_bytes)
        )
        return iter(())

    def __del__(self) -> None:
        # Only noted here, since the garbage collector calls this amid any code.
        if not self._is_begun:
            self._connection.is_abandoned = True

    def close(self) -> None:
        """End a socket over which the server has never begun to iterate."""
        if not self._is_begun:
            self._is_begun = True
            self._connection.live(lambda: CloseCode.ABNORMAL)


def socket_response(response_class: type[Response]) -> type[SocketResponse]:
    """Return the :class:`SocketResponse` of an app whose responses are *response_class*.

    Flask would convert a response that is not of the app's own class, and the socket with it would
    be lost.
    """
    if issubclass(SocketResponse, response_class):
        return SocketResponse
    return type("SocketResponse", (SocketResponse, response_class), {})
