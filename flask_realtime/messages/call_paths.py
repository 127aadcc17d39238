"""Compares paths with the patterns of ``REALTIME_ALLOW_CALLS``."""

from __future__ import annotations

import re

# A path that is written in another way than url_for does fits no pattern: the app, or what lies
# behind it, may take it for another path than the pattern's author did. It can be requested by
# HTTP.
_DISGUISED = re.compile(r"//|/\.{1,2}(/|$)|\\|%(2f|5c|2e|25|00)|;", re.IGNORECASE)


def is_disguised(path: str) -> bool:
    """Return whether *path* can be read in different ways: dots, doubled or encoded slashes."""
    return bool(_DISGUISED.search(path))


def fits(path: str, pattern: str) -> bool:
    """Return whether *path* fits *pattern*.

    In a pattern ``*`` stands for one part between two slashes, which is not empty, and ``**`` at
    the end for all further parts. Upper and lower case differ.
    """
    parts, wanted = path.split("/"), pattern.split("/")
    if wanted[-1] == "**":
        wanted.pop()
        if len(parts) <= len(wanted):
            return False
        parts = parts[: len(wanted)]
    return len(parts) == len(wanted) and all(
        part if one == "*" else part == one for part, one in zip(parts, wanted, strict=True)
    )
