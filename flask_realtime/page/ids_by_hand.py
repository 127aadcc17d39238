"""Pages into which the app writes their ids itself."""

from __future__ import annotations

from flask import Response

from ..flask_contexts import present_request
from .client import CLIENT_IN_ENVIRON, Client


def is_named_by_hand(response: Response) -> bool:
    """Return whether a page holds the id that the app has read, so as to write it there itself.

    What a streamed or compressed page holds is not known here: it counts as holding the id.
    """
    client: Client | None = present_request().environ.get(CLIENT_IN_ENVIRON)
    if client is None or not client.is_given_out or client.is_open:
        return False
    is_unknown = response.is_streamed or "Content-Encoding" in response.headers
    return is_unknown or client.connection_id().encode() in response.get_data()
