"""What a channel may be called, and which names fit a pattern."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Collection
from typing import Any

from ..errors import InvalidChannel

#: Characters. A name stands in Redis keys, in log lines and on every push: it is no document.
LONGEST_NAME = 200

WILDCARD = "*"


def flatten(channels: Collection[Any]) -> list[str]:
    """The names and patterns in *channels*, each once, in the order given.

    :param channels: names, patterns, or lists, tuples or sets of them.
    :raises InvalidChannel: if there is none, or one is no valid name or pattern.
    """
    found: dict[str, None] = {}
    for item in channels:
        if isinstance(item, (list, tuple, set, frozenset)):
            found.update((_check(each), None) for each in item)
        else:
            found[_check(item)] = None
    if not found:
        raise InvalidChannel("No channel given; name at least one, such as 'room:1'.")
    return list(found)


def check_name(name: Any) -> str:
    """Give *name* back if one channel can be called so.

    :raises InvalidChannel: if it cannot, or if it is a pattern.
    """
    if is_pattern(_check(name)):
        raise InvalidChannel(
            f"{name!r} is a pattern, and only a push may go to a pattern; name the channel itself."
        )
    return str(name)


def is_pattern(name: str) -> bool:
    """Whether *name* stands for every channel that fits it."""
    return WILDCARD in name


def matcher(pattern: str) -> Callable[[str], bool]:
    """A function that says whether a name fits *pattern*.

    ``*`` is any run of characters, an empty one too; everything else is literal. Takes time in
    proportion to the name's length, whatever the pattern.
    """
    if not is_pattern(pattern):
        return pattern.__eq__
    # No regular expression: "*a*a*a*a" would make one backtrack for minutes, and parts of a
    # pattern often come from a request.
    head, *middle, tail = pattern.split(WILDCARD)

    def fits(name: str) -> bool:
        end = len(name) - len(tail)
        if end < len(head) or not name.startswith(head) or not name.endswith(tail):
            return False
        start = len(head)
        for piece in middle:
            found = name.find(piece, start, end)
            if found < 0:
                return False
            start = found + len(piece)
        return True

    return fits


def _check(name: Any) -> str:
    if not isinstance(name, str):
        raise InvalidChannel(f"A channel's name is text, not {type(name).__name__}: {name!r}.")
    if not name:
        raise InvalidChannel("A channel's name is empty.")
    if len(name) > LONGEST_NAME:
        raise InvalidChannel(
            f"A channel's name has {len(name)} characters, and {LONGEST_NAME} at most are "
            f"allowed: {name[:40]!r}…"
        )
    # Cc: control characters. Cs: half of a surrogate pair, which has no UTF-8.
    if not name.isprintable() and any(
        unicodedata.category(character) in ("Cc", "Cs") for character in name
    ):
        raise InvalidChannel(f"A channel's name holds a control character: {name!r}.")
    return name
