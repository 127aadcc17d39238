"""Shows a value that a client sent in the error that the client gets, or in a log line."""

from __future__ import annotations

import json
from typing import Any

_LONGEST = 100


def show(value: Any) -> str:
    """Return *value* as JSON text, cut after 100 characters, since messages may be large."""
    text = json.dumps(value)
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "…"
