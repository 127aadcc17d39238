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
# All that says whether, and for how long, caches may keep a page; most responses have none of it.
_ABOUT_COPIES = {name.lower() for name in ("ETag", "Expires", "Last-Modified", *_OF_CACHES_BETWEEN)}
_ABOUT_CACHING = {"cache-control", *_ABOUT_COPIES}
_NOT_TO_BE_KEPT = re.compile(r"\s*(0|off)\s*|.*\b(no-store|no-cache|private|max-age=0)\b.*", re.I)


def may_be_kept(response: Response) -> bool:
    """Return whether *response* lets caches keep it, or ask later whether it has changed."""
    told = _names(response)
    if told.isdisjoint(_ABOUT_CACHING):
        return False
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
    told = _names(response)
    no_store = ""
    if not told.isdisjoint(_ABOUT_CACHING):
        for name in _ABOUT_COPIES & told:
            del response.headers[name]
        no_store = ", no-store" if response.cache_control.no_store else ""
    response.headers["Cache-Control"] = f"private, no-cache{no_store}"


def _names(response: Response) -> set[str]:
    """Return the names of a response's headers in lower case."""
    return {name.lower() for name, _ in response.headers}


def _is_positive(seconds: object) -> bool:
    # None if the header has no such number; some releases of Werkzeug return other types.
    return isinstance(seconds, int) and seconds > 0


def _ends_later(expires: str | None) -> bool:
    # Values that are no date, such as "0", mean that the response has expired.
    moment = None if expires is None else parse_date(expires)
    return moment is not None and moment.timestamp() > clock.now()
