"""Shortens what a client sent, for the reply that refuses it."""

from __future__ import annotations

import json
from typing import Any

_LONGEST = 100


def show(value: Any) -> str:
    """Return *value* as JSON text, cut after 100 characters: it may be as large as a message."""
    text = json.dumps(value)
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "…"
