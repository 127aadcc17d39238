"""Makes the reply to a message of the app's response."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import TYPE_CHECKING

from flask import Response

from ..page.client import CLIENT_IN_ENVIRON, Client
from ..protocol.json_texts import read_json
from ..protocol.messages import JSONText, MessageId, Reply, error_reply
from ..protocol.positions import Position
from .large_replies import ReplyTurn

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

#: Where the environ of a call holds, by channel, the position up to which the socket had been sent
#: pushes when the call came to its turn: what its view reads is no older.
REACHED = "flask_realtime.reached"
_FETCH_BY_HTTP = "This answer is {}; fetch this by HTTP."
# A handler has no address.
_NO_REPLY = "This handler's answer is {}: have a view answer so, which the page fetches by HTTP."
# Headers by which an app tells the proxy in front of it to send a file. Their values are paths on
# the server's disk, which clients must not see.
_SENT_BY_PROXY = frozenset(["x-accel-redirect", "x-sendfile", "x-lighttpd-send-file"])
_HIDDEN = _SENT_BY_PROXY | {"set-cookie"}
_ENCODING = "content-encoding"
_HTML = "text/html"
_TEXT_TYPES = frozenset(
    [
        "application/ecmascript",
        "application/javascript",
        "application/x-www-form-urlencoded",
        "application/xml",
    ]
)


def read_body(
    response: Response, environ: WSGIEnvironment, max_bytes: int, turn: ReplyTurn
) -> bytes | str:
    """Read the body of a response, and close the response; both may run code of the app.

    :param response: the app's response.
    :param environ: the WSGI environ of the request.
    :param max_bytes: the most bytes that the body may have.
    :param turn: counts the bytes of a large body.
    :returns: the body as bytes; or, if the body cannot be sent over a socket because it is larger,
        streamed, or a file that a proxy sends, a sentence that says so.
    """
    try:
        return _read(response, environ, max_bytes, turn)
    finally:
        response.close()


def reply_of(
    message_id: MessageId,
    response: Response,
    environ: WSGIEnvironment,
    body: bytes | str,
    turn: ReplyTurn,
) -> Reply:
    """Return the reply that carries a response.

    :param message_id: the client's id of the message.
    :param response: the app's response.
    :param environ: the WSGI environ of the request.
    :param body: what :func:`read_body` returned. If it is a sentence, that becomes the body of a
        reply with status 502.
    :param turn: waits until there is memory to encode a large body.
    """
    if isinstance(body, str):
        return error_reply(message_id, 502, body)
    turn.encode(len(body))
    headers = _headers(response, environ)
    text, encoding = _encode(response, headers, body)
    reply = Reply(message_id, response.status_code, headers, text, encoding)
    if response.mimetype != _HTML:
        return reply
    # The answer may lack what has reached the page since these positions.
    reached: Mapping[str, Position] = environ.get(REACHED, {})
    client: Client | None = environ.get(CLIENT_IN_ENVIRON)
    if client is None:
        return reply._replace(positions=reached)
    taken = {name: one.since for name, one in client.taken.items() if one.since is not None}
    return reply._replace(positions={**reached, **taken}, left=client.left)


def _read(
    response: Response, environ: WSGIEnvironment, max_bytes: int, turn: ReplyTurn
) -> bytes | str:
    status = response.status_code
    if environ["REQUEST_METHOD"] == "HEAD" or status < 200 or status in (204, 304):
        return b""
    if not _SENT_BY_PROXY.isdisjoint([name.lower() for name, _ in response.headers]):
        return _unsendable(environ, "a file that the proxy sends")
    size = response.content_length
    # Werkzeug says that files and the error pages of abort() are streamed, though their lengths are
    # known.
    if size is None and response.is_streamed:
        return _unsendable(environ, "streamed")
    if size is None:
        size = response.calculate_content_length()
    if (size or 0) > max_bytes:
        return _too_large(environ, max_bytes)
    turn.count(size or 0, is_typical=status < 300)
    parts: list[bytes] = []
    read = 0
    for part in response.iter_encoded():
        parts.append(part)
        read += len(part)
        if read > max_bytes:
            return _too_large(environ, max_bytes)
    return b"".join(parts)


def _too_large(environ: WSGIEnvironment, max_bytes: int) -> str:
    return _unsendable(environ, f"larger than {max_bytes:,} bytes")


def _unsendable(environ: WSGIEnvironment, what: str) -> str:
    """Return a sentence that says what kind of answer no reply carries."""
    is_call = REACHED in environ
    return (_FETCH_BY_HTTP if is_call else _NO_REPLY).format(what)


def _headers(response: Response, environ: WSGIEnvironment) -> dict[str, str]:
    headers: dict[str, str] = {}
    spellings: dict[str, str] = {}
    for spelling, value in response.get_wsgi_headers(environ):
        if spelling.lower() in _HIDDEN:
            continue
        # RFC 9110, section 5.3: the values of a repeated header may be joined with commas.
        name = spellings.setdefault(spelling.lower(), spelling)
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers


def _encode(response: Response, headers: Mapping[str, str], data: bytes) -> tuple[str, str | None]:
    """Return a body as text, and how the text encodes it: ``"base64"``, or None for plain text."""
    if not data:
        return "", None
    if all(headers[name] == "identity" for name in headers if name.lower() == _ENCODING):
        if response.is_json:
            text = _json(data)
            if text is not None:
                return text, None
        if response.is_json or _is_text(response.mimetype):
            try:
                return data.decode(response.mimetype_params.get("charset", "utf-8")), None
            except (LookupError, UnicodeError):
                pass
    return base64.b64encode(data).decode("ascii"), "base64"


def _json(data: bytes) -> JSONText | None:
    """Return *data* as JSON text; None if browsers could not parse a reply that embeds it."""
    try:
        text = data.decode().strip()
        read_json(text)
    except (ValueError, RecursionError):
        return None
    return JSONText(text)


def _is_text(mimetype: str | None) -> bool:
    return mimetype is not None and (
        mimetype.startswith("text/") or mimetype.endswith("+xml") or mimetype in _TEXT_TYPES
    )
