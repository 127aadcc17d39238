"""Names of channels: which are valid, and which fit a pattern."""

from __future__ import annotations

import re
import string
import unicodedata
from collections.abc import Callable, Collection
from typing import Any

from ..errors import InvalidChannel

#: How many characters a name may have: it stands in Redis keys, in log lines and on every push.
LONGEST_NAME = 200

WILDCARD = "*"

#: The beginning of the names of the library's own channels, such as ``@user:42``. An app's channels
#: never begin with it.
RESERVED = "@"

# A field as it stands in a route: ``<room>`` or ``<int:room>``.
_ROUTE_FIELD = re.compile(r"<([a-z]\w*(\([^)]*\))?:)?[^\W\d]\w*>")


def flatten(channels: Collection[Any], pattern: Any = None) -> list[str]:
    """Return the names in *channels* and, behind them, *pattern*, each once, in the order given.

    :param channels: names, or lists, tuples or sets of them.
    :param pattern: a pattern, which stands for every known channel that fits it; None: no pattern.
    :raises InvalidChannel: if there is neither a name nor a pattern, or if one cannot be used.
    """
    found: dict[str, None] = {}
    for item in channels:
        if isinstance(item, (list, tuple, set, frozenset)):
            found.update((check_name(each), None) for each in item)
        else:
            found[check_name(item)] = None
    if pattern is not None:
        found[check_pattern(pattern)] = None
    if not found:
        raise InvalidChannel("No channel given; name at least one, such as 'room:1'.")
    return list(found)


def check_name(name: Any) -> str:
    """Return *name* if it is a valid name for a channel of an app.

    :raises InvalidChannel: if it is not. ``*`` is not allowed, because names often come from
        requests, and a pattern would reach every channel of a kind.
    """
    if is_pattern(_check(name)):
        raise InvalidChannel(
            f"{name!r} contains a '*', which no channel's name may contain. Only a push takes a "
            f"pattern, as pattern={name!r} in place of the name; else name each channel.",
            name,
        )
    return _check_reserved(name)


def check_format(text: str) -> str:
    """Return *text* if it is a valid format of channel names, such as ``"room:{room_id}"``.

    :param text: a format, or a name without fields.
    :raises InvalidChannel: if it gives no valid name, whatever its fields are filled with.
    """
    try:
        parts = [(literal, field) for literal, field, _, _ in string.Formatter().parse(text)]
    except ValueError as error:
        raise InvalidChannel(
            f"{text!r} is not a valid format of a channel's name ({error}); write "
            f"'room:{{room_id}}', or '{{{{' for a brace."
        ) from None
    if any(field is not None and not field[:1].isidentifier() for _, field in parts):
        raise InvalidChannel(
            f"{text!r} has a field without a name: name the field, as in 'room:{{room_id}}'."
        )
    if any(_ROUTE_FIELD.search(literal) for literal, _ in parts):
        raise InvalidChannel(
            f"{text!r} has a field as routes have it; write it with braces, and without a "
            f"converter, as in 'room:{{room_id}}'."
        )
    if any(is_pattern(literal) for literal, _ in parts):
        raise InvalidChannel(
            f"{text!r} contains a '*', which no channel's name may contain: only a push takes a "
            f"pattern. Name each channel, or give a function that returns several names."
        )
    if text.startswith(RESERVED):
        raise InvalidChannel(
            f"{text!r} begins with '@', which is reserved for the library's own channels. A page "
            f"is subscribed to the channel of its user automatically; realtime.to_user(id) pushes "
            f"to it."
        )
    check_name("".join(literal + ("x" if field else "") for literal, field in parts))
    return text


def names_of(found: Any, whose: str) -> list[Any]:
    """Return the names that a function of the app has returned, as a list.

    :param found: what the function returned: a name, several names, or None for no channel.
    :param whose: who called the function, for the error: ``"@realtime.subscribes"``.
    :raises TypeError: if *found* is none of these.
    """
    if isinstance(found, str):
        return [found]
    try:
        return [one for one in found or () if one is not None]
    except TypeError:
        raise TypeError(
            f"The function of {whose} returned {found!r:.100}, but must return the name of a "
            f"channel, a list of names, or None for no channel."
        ) from None


def check_pattern(pattern: Any) -> str:
    """Return *pattern* if it is valid; without a ``*`` it stands for the channel of that name.

    :raises InvalidChannel: if it is not valid.
    """
    return _check_reserved(_check(pattern))


def is_pattern(name: str) -> bool:
    """Return whether *name* stands for every channel that fits it."""
    return WILDCARD in name


def matcher(pattern: str) -> Callable[[str], bool]:
    """Return a function that says whether a channel's name fits *pattern*.

    ``*`` is any run of characters, an empty one too; everything else is literal. Names that begin
    with ``@`` fit no pattern. The function takes time in proportion to the name's length, whatever
    the pattern.
    """
    if not is_pattern(pattern):
        return pattern.__eq__
    # No regular expression: "*a*a*a*a" would make one backtrack for minutes, and parts of a
    # pattern often come from a request.
    head, *middle, tail = pattern.split(WILDCARD)

    def fits(name: str) -> bool:
        end = len(name) - len(tail)
        if (
            name.startswith(RESERVED)
            or end < len(head)
            or not name.startswith(head)
            or not name.endswith(tail)
        ):
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
        raise InvalidChannel(
            f"A channel's name must be a string, not {type(name).__name__}: {name!r}."
        )
    if not name:
        raise InvalidChannel("A channel's name must not be empty.", name)
    if len(name) > LONGEST_NAME:
        raise InvalidChannel(
            f"A channel's name has {len(name)} characters, and {LONGEST_NAME} at most are "
            f"allowed: {name[:40]!r}…",
            name,
        )
    # Cc: control characters. Cs: half of a surrogate pair, which UTF-8 cannot encode.
    if not name.isprintable() and any(
        unicodedata.category(character) in ("Cc", "Cs") for character in name
    ):
        raise InvalidChannel(f"A channel's name holds a control character: {name!r}.", name)
    return name


def _check_reserved(name: str) -> str:
    if name.startswith(RESERVED):
        raise InvalidChannel(
            f"{name!r} begins with '@', which is reserved for the library's own channels; choose "
            f"another name. To push to a user, call realtime.to_user(id).",
            name,
        )
    return name
