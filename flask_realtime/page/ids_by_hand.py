"""Pages into which the app writes their ids itself."""

from __future__ import annotations

from flask import Response

from ..flask_contexts import present_request
from .charset import charset_of, keeps_ascii
from .client import CLIENT_IN_ENVIRON, Client
from .sent_files import bytes_in_memory, is_sent_file


def is_named_by_hand(response: Response) -> bool:
    """Return whether a page may hold the id that the app has read, to write it there itself."""
    client: Client | None = present_request().environ.get(CLIENT_IN_ENVIRON)
    if client is None or not client.is_given_out or client.is_open:
        return False
    return may_hold_id(response, client)


def may_hold_id(response: Response, client: Client) -> bool:
    """Return whether an answer may hold the id of a page, which the app has read.

    What a streamed or compressed answer holds is not known here, nor one in UTF-16: it counts as
    holding the id. A file on the disk does not.
    """
    named = client.connection_id()
    if any(named in value for _, value in response.headers):
        return True
    body = _readable_body(response)
    return body is None or named.encode() in body


def _readable_body(response: Response) -> bytes | None:
    """Return the bytes among which an id may be; None if they are not known."""
    if response.is_sequence:
        found = response.get_data()
    elif response.direct_passthrough and is_sent_file(response):
        in_memory = bytes_in_memory(response)
        if in_memory is None:
            return b""
        found = in_memory
    else:
        return None
    is_plain = "Content-Encoding" not in response.headers
    return found if is_plain and keeps_ascii(found, charset_of(response.content_type)) else None
