"""Compares paths with the patterns in ``REALTIME_ALLOW_CALLS``."""

from __future__ import annotations

import re

# Paths that url_for would write in another way. They fit no pattern, because the app, or a server
# behind the app, may read such a path as another one than the author of the pattern had in mind.
# A client can still request them by HTTP.
_AMBIGUOUS = re.compile(r"//|/\.{1,2}(/|$)|\\|%(2f|5c|2e|25|00)|;", re.IGNORECASE)


def is_ambiguous(path: str) -> bool:
    """Return whether programs may read *path* in different ways.

    True for a path with ``.`` or ``..`` as a segment, two slashes in a row, a backslash, a
    semicolon, or a percent-encoded slash, backslash, dot, percent sign or null character.
    """
    return bool(_AMBIGUOUS.search(path))


def fits(path: str, pattern: str) -> bool:
    """Return whether *path* fits *pattern*.

    In a pattern, ``*`` stands for one segment that is not empty, and ``**`` at the end for one or
    more further segments. Upper and lower case differ.
    """
    segments, wanted = path.split("/"), pattern.split("/")
    if wanted[-1] == "**":
        wanted.pop()
        if len(segments) <= len(wanted):
            return False
        segments = segments[: len(wanted)]
    return len(segments) == len(wanted) and all(
        segment if one == "*" else segment == one
        for segment, one in zip(segments, wanted, strict=True)
    )
