"""Pages into which the app writes their ids itself."""

from __future__ import annotations

from flask import Response

from ..flask_contexts import present_request
from .client import CLIENT_IN_ENVIRON, Client


def is_named_by_hand(response: Response) -> bool:
    """Return whether a page may hold the id that the app has read, to write it there itself."""
    client: Client | None = present_request().environ.get(CLIENT_IN_ENVIRON)
    if client is None or not client.is_given_out or client.is_open:
        return False
    return may_hold_id(response, client)


def may_hold_id(response: Response, client: Client) -> bool:
    """Return whether an answer may hold the id of a page, which the app has read.

    What a streamed or compressed answer holds is not known here: it counts as holding the id. A
    file does not.
    """
    if response.direct_passthrough:
        return False
    is_unknown = not response.is_sequence or "Content-Encoding" in response.headers
    return is_unknown or client.connection_id().encode() in response.get_data()
