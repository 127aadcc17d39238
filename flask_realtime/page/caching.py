"""What caches are told of a page: that they may keep it, or that nobody may."""

from __future__ import annotations

import re

from flask import Response
from werkzeug.http import parse_date

from ..threads import clock

# What caches between the app and the browser heed in place of Cache-Control.
_OF_CACHES_BETWEEN = (
    "CDN-Cache-Control",
    "Cloudflare-CDN-Cache-Control",
    "Edge-Control",
    "Netlify-CDN-Cache-Control",
    "Surrogate-Control",
    "Vercel-CDN-Cache-Control",
    "X-Accel-Expires",
)
_NOT_TO_BE_KEPT = re.compile(r"\s*(0|off)\s*|.*\b(no-store|no-cache|private|max-age=0)\b.*", re.I)


def may_be_kept(response: Response) -> bool:
    """Whether *response* states that caches may keep it, or how they may ask whether it changed."""
    headers, control = response.headers, response.cache_control
    if any(not _NOT_TO_BE_KEPT.fullmatch(headers.get(name, "0")) for name in _OF_CACHES_BETWEEN):
        return True
    if control.no_store:
        return False
    lives = any(_is_positive(one) for one in (control.max_age, control.s_maxage))
    return control.public or lives or "ETag" in headers or _ends_later(headers.get("Expires"))


def keep_from_caches(response: Response) -> None:
    """Have a browser ask for *response* anew each time, and no cache between keep it.

    A 304, or a copy, would show a connection id whose subscriptions are another rendering's.
    """
    for name in ("ETag", "Expires", "Last-Modified", *_OF_CACHES_BETWEEN):
        response.headers.pop(name, None)
    no_store = ", no-store" if response.cache_control.no_store else ""
    response.headers["Cache-Control"] = f"private, no-cache{no_store}"


def _is_positive(seconds: object) -> bool:
    # None where there is no such number; some releases of Werkzeug hand on what is none.
    return isinstance(seconds, int) and seconds > 0


def _ends_later(expires: str | None) -> bool:
    # "0" and the like, which are no dates, mean that it has ended.
    moment = None if expires is None else parse_date(expires)
    return moment is not None and moment.timestamp() > clock.now()
