"""Tells clients that a message of theirs is not handled, and what to do with it.

A socket that is about to be closed sends messages back, for the page's next socket. A large call of
a route that is not open to calls is refused, and the client makes it by HTTP.
"""

from __future__ import annotations

from collections.abc import Callable

from ..connection.connection import Connection
from ..errors import InvalidMessage
from ..messages.call_rules import CallRefused, outside_of_app, refusal
from ..messages.environ import OutsideOfApp
from ..messages.large_messages import LargeMessages, id_of
from ..messages.memory_budget import NotWanted
from ..protocol.messages import Message, error_reply, reconnect_reply


def send_back(connection: Connection, message: Message | bytes, large: LargeMessages) -> None:
    """Tell a client that its message was not handled, and is to be sent by its next socket.

    A socket that waits to be closed finishes the message that is being handled. If it handled all
    that is queued as well, one client could hold up a restart for as long as the server allows.

    :param connection: the socket; if it is closed, nothing is said.
    :param message: the message; bytes: not parsed yet.
    :param large: parses messages that may be large.
    """
    if not connection.is_open:
        return
    try:
        if isinstance(message, bytes):
            message = large.look(message, connection.reading.time_slice)
        reply = reconnect_reply(message.id)
    except InvalidMessage as error:
        reply = error_reply(error.message_id, 400, error.reason)
    connection.reply(reply.to_json())


def answer_large(
    connection: Connection, message: bytes, large: LargeMessages, answer: Callable[[], None]
) -> None:
    """Have a large message answered, or tell its client why it is not.

    :param connection: the socket.
    :param message: the message.
    :param large: parses messages that may be large.
    :param answer: parses the message and answers it, or raises :exc:`.CallRefused`,
        :exc:`.OutsideOfApp` or :exc:`.NotWanted`.
    """
    refused: CallRefused | OutsideOfApp | None = None
    try:
        return answer()
    except NotWanted:
        pass
    except (CallRefused, OutsideOfApp) as error:
        refused = error.with_traceback(None)
    # Not within the except clauses: meanwhile the exception's traceback would keep what was parsed,
    # which may be megabytes, and the messages of many sockets may be parsed before this one.
    if refused is None:
        send_back(connection, message, large)
    else:
        _refuse_call(connection, message, large, refused)


def _refuse_call(
    connection: Connection,
    message: bytes,
    large: LargeMessages,
    error: CallRefused | OutsideOfApp,
) -> None:
    """Tell a client that its call is refused (421), and is to be made by HTTP, or leads outside of
    the app (404).

    :param connection: the socket; if it is closed, nothing is said.
    :param message: the message, which is parsed only if its id is not at its beginning.
    :param large: parses messages that may be large.
    :param error: why the call is not made.
    """
    if not connection.is_open:
        return
    try:
        message_id = id_of(message)
        if message_id is None:
            message_id = large.look(message, connection.reading.time_slice).id
        if isinstance(error, CallRefused):
            reply = refusal(message_id, error)
        else:
            reply = outside_of_app(message_id, error)
    except InvalidMessage as invalid:
        reply = error_reply(invalid.message_id, 400, invalid.reason)
    connection.reply(reply.to_json())
