"""Tells what to write where a setting is a text that stands for another value, as in a shell."""

from __future__ import annotations

import ast
import json
from collections.abc import Callable
from typing import Any

from .redaction import without_passwords

_WORDS = {"true": True, "false": False, "none": None, "null": None}
# What begins otherwise, or is longer, is no number, list or dict that an app sets.
_BEGINS = tuple("[{(-0123456789")
_LONGEST = 10_000

_IN_ENVIRONMENT = "in an environment variable, which app.config.from_prefixed_env() reads as JSON,"


def hint_for_text(text: str, read: Callable[[Any], Any]) -> str:
    """Return what to write in place of *text*; empty if it does not stand for a good value.

    :param text: what the app has set, such as ``"25"``, ``"False"`` or ``"['index']"``.
    :param read: takes the value that the text may stand for; raises ValueError if the setting
        cannot have it.
    """
    text = text.strip()
    try:
        meant = _WORDS[text.lower()] if text.lower() in _WORDS else _literal(text)
        read(meant)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return ""
    if meant is None or isinstance(meant, bool | int | float):
        return f"Write {meant!r} without quotes; {_IN_ENVIRONMENT} write {json.dumps(meant)}."
    # Not shown: it may hold a password.
    return f"Write it without quotes around it; {_IN_ENVIRONMENT} put texts in double quotes."


def hint_for_list(text: str) -> str:
    """Return what to write in place of *text* where a list of texts is expected."""
    return (
        f"Put it in a list: [{without_passwords(text)}]; {_IN_ENVIRONMENT} write "
        f'["first", "second"].'
    )


def _literal(text: str) -> Any:
    if len(text) > _LONGEST or not text.startswith(_BEGINS):
        raise ValueError
    return ast.literal_eval(text)
