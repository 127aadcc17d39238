"""Shows a value that a client sent in the error that the client gets, or in a log line."""

from __future__ import annotations

import json
from typing import Any

_LONGEST = 100
_encoder = json.JSONEncoder()


def show(value: Any) -> str:
    """Return *value* as JSON text, cut after 100 characters, since messages may be large."""
    text = ""
    # In pieces, since a value that is not shown to its end need not be written to its end.
    for piece in _encoder.iterencode(value):
        text += piece
        if len(text) > _LONGEST:
            return text[:_LONGEST] + "…"
    return text
