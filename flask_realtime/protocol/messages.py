"""The wire format: messages, replies and pushes, to and from JSON text."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping, Sequence
from json.encoder import encode_basestring_ascii as quoted
from typing import Any, NamedTuple

from ..errors import InvalidMessage
from .json_texts import InfiniteNumber, holds_infinity, is_encodable, read_json
from .positions import Position

MessageId = str | int | float

#: From this version of the wire format on, a client is told which channels its page has left, and
#: from which positions the others go on.
SPEAKS_OF_LEAVING = 2

# The library's own actions, whose fields stand beside the action, and not under "data".
#: The action of a message that calls a route.
CALL = "call-route"
_WITH_FIELDS_OF_THEIR_OWN = frozenset([CALL, "ping", "resume"])

# The beginning of a message's text, and a plain id or action after it; texts with escapes are left
# to the parser.
_BEGIN = re.compile(r"\s*{")
_PAIR = re.compile(r'\s*"(id|action)"\s*:\s*("[^"\\\x00-\x1f]{1,200}"|-?\d{1,15})\s*[,}]')

# No name that a developer gives is longer. Replies repeat ids and names, and some replies are sent
# however much waits for the same peer already.
_MAX_ACTION_CHARACTERS = 200
_MAX_ID_CHARACTERS = 200
# No position that the library writes has nearly as many characters.
_MAX_POSITION_CHARACTERS = 100
# How many bytes a character of JSON takes at most once it is parsed, as in ``[{"":[]},{"":[]}]``.
_MOST_PARSED = 34


class Message(NamedTuple):
    """What a client sent.

    :param id: the client's own id of the message, a string or a number; the reply repeats it.
    :param action: the name of the handler.
    :param data: the handler's argument: the value of the message's key ``data``. If there is no
        such key, *data* is a dict of the fields beside ``id`` and ``action``; for ``call-route``,
        ``ping`` and ``resume`` it always is.
    """

    id: MessageId
    action: str
    data: Any


class JSONText(str):
    """A body that is JSON text already, and is embedded unchanged."""

    __slots__ = ()


class Reply(NamedTuple):
    """The answer to one message.

    :param message_id: the client's id of the message; None: it could not be read.
    :param status: the HTTP status code.
    :param headers: the response's headers, without ``Set-Cookie``, which page scripts must not see.
    :param body: text, or :class:`JSONText`.
    :param encoding: how *body* encodes bytes: ``"base64"``; None: it is the text itself.
    :param session: what the page is to say when it fetches what waits for the browser at the
        session path; empty: nothing waits.
    :param refused: why the message was not handled; None: the app has answered. ``"call"``: the app
        has not opened the route to calls, or there is no room for its reply; the client has to
        request it by HTTP. ``"reconnect"``: the socket is about to be closed; the client has to
        send the message again.
    :param positions: by channel, the position behind which the response may lack what is pushed.
    :param left: the channels that the page leaves, since it shows another view.
    """

    message_id: MessageId | None
    status: int
    headers: Mapping[str, str]
    body: str
    encoding: str | None = None
    session: str = ""
    refused: str | None = None
    positions: Mapping[str, Position] = {}
    left: Sequence[str] = ()

    def to_json(self) -> str:
        """Return the reply as JSON text."""
        body = self.body if isinstance(self.body, JSONText) else quoted(self.body)
        pairs = [f"{quoted(name)}: {quoted(value)}" for name, value in self.headers.items()]
        text = (
            f'{{"id": {json.dumps(self.message_id)}, "status": {self.status}, '
            f'"headers": {{{", ".join(pairs)}}}, "body": {body}'
        )
        if self.encoding is not None:
            text += f', "encoding": {json.dumps(self.encoding)}'
        if self.session:
            text += f', "session": {json.dumps(self.session)}'
        if self.refused is not None:
            text += f', "refused": {json.dumps(self.refused)}'
        if self.positions:
            positions = {name: str(at) for name, at in self.positions.items()}
            text += f', "positions": {json.dumps(positions)}'
        if self.left:
            text += f', "left": {json.dumps(self.left)}'
        return text + "}"


def error_reply(message_id: MessageId | None, status: int, why: str) -> Reply:
    """Return the reply to a message that was not handled; its body is the reason *why*."""
    return Reply(message_id, status, {}, why)


def reconnect_reply(message_id: MessageId) -> Reply:
    """Return the reply to a message that was not handled, as its socket is about to be closed."""
    why = "This socket is about to be closed, and the message was not handled; send it again later."
    return error_reply(message_id, 503, why)._replace(refused="reconnect")


def parse_message(text: str) -> Message:
    """Return the message that a client sent.

    :param text: the message's JSON text.
    :raises InvalidMessage: if *text* is no JSON object with an ``id`` and an ``action``.
    """
    fields = _parse_object(text)
    message_id = _read_id(fields)
    if "\\u" in text and not is_encodable(fields):
        raise InvalidMessage("The message holds half of a surrogate pair.", message_id)
    action = fields.get("action")
    if not isinstance(action, str) or not 0 < len(action) <= _MAX_ACTION_CHARACTERS:
        raise InvalidMessage(
            "A message needs an action, a string of 1 to "
            f"{_MAX_ACTION_CHARACTERS} characters that names its handler.",
            message_id,
        )
    if "data" in fields and action not in _WITH_FIELDS_OF_THEIR_OWN:
        return Message(message_id, action, fields["data"])
    del fields["id"], fields["action"]
    return Message(message_id, action, fields)


def parse_speaks(data: Mapping[str, Any]) -> int:
    """Return the version of the wire format that a client speaks; 1 if it does not say.

    :param data: the data of a ``resume`` message.
    """
    speaks = data.get("speaks")
    return speaks if type(speaks) is int and speaks > 0 else 1


def lost_message(channel: str, position: Position) -> str:
    """Return the message that tells a page of lost messages on *channel*.

    :param position: from which the page goes on.
    """
    return json.dumps({"channel": channel, "lost": True, "position": str(position)})


def left_message(channel: str) -> str:
    """Return the message that tells a page that it has left *channel*."""
    return json.dumps({"channel": channel, "left": True})


def peek(text: str) -> tuple[MessageId, str] | None:
    """Return the id and the action of a message without reading all of it.

    :returns: None if other keys stand before them; only :func:`parse_message` can read them then.
    """
    found: dict[str, MessageId] = {}
    at = _BEGIN.match(text)
    while at is not None and (pair := _PAIR.match(text, at.end())) is not None:
        name, value = pair.group(1), pair.group(2)
        found[name] = value[1:-1] if value.startswith('"') else int(value)
        if len(found) == 2:
            action = found["action"]
            return (found["id"], action) if isinstance(action, str) else None
        at = pair
    return None


def parsed_size(text: str) -> int:
    """Return about how many bytes a JSON text and its parsed values take in memory at most.

    Commas and brackets within strings count like those of values, since telling them apart takes as
    long as parsing. The result is at most ten times too much, and nearer where values are dense.
    """
    values = 40 * text.count(",") + 50 * text.count(":")
    containers = 60 * text.count("[") + 90 * text.count("{")
    quotes = (13 if text.isascii() else 25) * text.count('"')
    return sys.getsizeof(text) * 2 + min(_MOST_PARSED * len(text), values + containers + quotes)


def parse_positions(data: Mapping[str, Any]) -> dict[str, Position]:
    """Return the position of a client on each channel that it names.

    :param data: the data of a ``resume`` message.
    :raises InvalidMessage: if its ``positions`` are not an object of positions.
    """
    positions = data.get("positions")
    if not isinstance(positions, dict):
        raise InvalidMessage(
            "resume needs positions: an object of channels and the positions last seen there."
        )
    return {channel: _parse_position(channel, text) for channel, text in positions.items()}


def _parse_object(text: str, is_finite: bool = True) -> dict[str, Any]:
    try:
        fields = read_json(text, is_finite)
    except InfiniteNumber as error:
        raise _too_large(str(error), _parse_object(text, is_finite=False)) from None
    except (ValueError, RecursionError) as error:
        raise InvalidMessage(f"A message must be JSON, and this one is not: {error}") from None
    if not isinstance(fields, dict):
        raise InvalidMessage("A message must be a JSON object.")
    return fields


def _too_large(digits: str, fields: dict[str, Any]) -> InvalidMessage:
    message_id = _read_id(fields)
    field = next((name for name, value in fields.items() if holds_infinity(value)), "")
    why = f"{field!r:.{_MAX_ACTION_CHARACTERS}} holds the number {digits:.40}, which is too large."
    return InvalidMessage(why, message_id)


def _read_id(fields: dict[str, Any]) -> MessageId:
    value = fields.get("id")
    if isinstance(value, str) and len(value) <= _MAX_ID_CHARACTERS and is_encodable(value):
        return value
    # A browser reads what is larger as infinity, of which Python keeps thousands of digits.
    if (
        isinstance(value, (int, float))
        and not isinstance(value, bool)
        and abs(value) <= sys.float_info.max
    ):
        return value
    raise InvalidMessage(
        f"A message needs an id, a string of up to {_MAX_ID_CHARACTERS} characters or a number; "
        "its reply repeats it."
    )


def _parse_position(channel: str, text: object) -> Position:
    try:
        if not isinstance(text, str) or len(text) > _MAX_POSITION_CHARACTERS:
            raise ValueError
        return Position.parse(text)
    except ValueError:
        raise InvalidMessage(
            f"The position of channel {channel!r:.{_MAX_ID_CHARACTERS}} is malformed; send one "
            f"that a push carried, such as 'k3f9:17:b2'."
        ) from None
