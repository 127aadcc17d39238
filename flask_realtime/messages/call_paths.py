"""Which paths fit those that ``REALTIME_ALLOW_CALLS`` lists."""

from __future__ import annotations

import re

# A path that is written in another way than url_for does matches no pattern: the app, or what lies
# behind it, may take it for another path than the pattern's author did. It can be asked by HTTP.
_DISGUISED = re.compile(r"//|/\.{1,2}(/|$)|\\|%(2f|5c|2e|25|00)|;", re.IGNORECASE)


def is_disguised(path: str) -> bool:
    """Whether *path* holds what others may read otherwise: dots, doubled or encoded slashes."""
    return bool(_DISGUISED.search(path))


def fits(path: str, pattern: str) -> bool:
    """Whether *path* fits *pattern*.

    In a pattern ``*`` is one part between two slashes, which is not empty, and ``**`` at the end
    all further parts. Upper and lower case differ.
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
