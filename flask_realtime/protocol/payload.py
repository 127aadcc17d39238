"""What is pushed, as JSON text that every browser can read."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, NoReturn


def to_json(message: Any, dumps: Callable[[Any], str]) -> str:
    """Encode *message* by *dumps*, the app's JSON provider.

    :raises ValueError: for what Python writes and no browser reads: NaN, Infinity, and half of a
        surrogate pair.
    """
    text = dumps(message)
    if not text.isascii():
        text.encode()
    if "NaN" in text or "Infinity" in text:
        json.loads(text, parse_constant=_refuse)
    return text


def _refuse(constant: str) -> NoReturn:
    raise ValueError(
        f"A message with {constant} can't be pushed: JSON has no such number, and browsers refuse "
        f"the whole message; push None or a string in its place."
    )
