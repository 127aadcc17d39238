"""Cache headers of pages: reads what the app has said, and forbids caches to keep a page."""

from __future__ import annotations

import re

from flask import Response
from werkzeug.http import parse_date

from ..threads import clock

# Headers that caches between the app and the browser follow in place of Cache-Control.
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
    """Return whether *response* lets caches keep it, or ask later whether it has changed."""
    headers, control = response.headers, response.cache_control
    if any(not _NOT_TO_BE_KEPT.fullmatch(headers.get(name, "0")) for name in _OF_CACHES_BETWEEN):
        return True
    if control.no_store:
        return False
    lives = any(_is_positive(one) for one in (control.max_age, control.s_maxage))
    return control.public or lives or "ETag" in headers or _ends_later(headers.get("Expires"))


def keep_from_caches(response: Response) -> None:
    """Have browsers request *response* anew each time, and caches in between not keep it.

    A copy of a page has a connection id whose subscriptions belong to another rendering.
    """
    for name in ("ETag", "Expires", "Last-Modified", *_OF_CACHES_BETWEEN):
        response.headers.pop(name, None)
    no_store = ", no-store" if response.cache_control.no_store else ""
    response.headers["Cache-Control"] = f"private, no-cache{no_store}"


def _is_positive(seconds: object) -> bool:
    # None if the header has no such number; some releases of Werkzeug return other types.
    return isinstance(seconds, int) and seconds > 0


def _ends_later(expires: str | None) -> bool:
    # Values that are no date, such as "0", mean that the response has expired.
    moment = None if expires is None else parse_date(expires)
    return moment is not None and moment.timestamp() > clock.now()
