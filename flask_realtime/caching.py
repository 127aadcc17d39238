"""Cache headers: reads what the app has said, and forbids caches to keep a response."""

from __future__ import annotations

import re
from collections.abc import Collection

from flask import Response
from werkzeug.http import parse_date

from .threads import clock

# What says whether, and for how long, caches may keep a page; most responses have none of it.
_ABOUT_CACHING = frozenset(["cache-control", "etag", "expires", "last-modified"])
# Headers that caches between the app and the browser follow in place of these, beside those that
# are named as in CDN-Cache-Control (RFC 9213).
_OF_CACHES_BETWEEN = frozenset(["edge-control", "surrogate-control", "x-accel-expires"])
_TARGETED = "-cache-control"
_KNOWN = _ABOUT_CACHING | _OF_CACHES_BETWEEN
_NOT_TO_BE_KEPT = re.compile(r"\s*(0|off)\s*|.*\b(no-store|no-cache|private|max-age=0)\b.*", re.I)


def may_be_kept(response: Response) -> bool:
    """Return whether *response* lets caches keep it, or ask later whether it has changed."""
    told = _told(response)
    if not told:
        return False
    headers, control = response.headers, response.cache_control
    between = told - _ABOUT_CACHING
    if any(not _NOT_TO_BE_KEPT.fullmatch(one) for name in between for one in headers.getlist(name)):
        return True
    if control.no_store:
        return False
    lives = any(_is_positive(one) for one in (control.max_age, control.s_maxage))
    return control.public or lives or "ETag" in headers or _ends_later(headers.get("Expires"))


def keep_from_caches(response: Response) -> None:
    """Have browsers request *response* anew each time, and caches in between not keep it.

    A copy of a page has a connection id whose subscriptions belong to another rendering.
    """
    told = _told(response)
    is_stored = "cache-control" not in told or not response.cache_control.no_store
    _set_alone(response, told, "private, no-cache" if is_stored else "private, no-cache, no-store")


def keep_nowhere(response: Response) -> None:
    """Have neither browsers nor caches in between keep *response*."""
    _set_alone(response, _told(response), "no-store")


def _set_alone(response: Response, told: Collection[str], control: str) -> None:
    """Set ``Cache-Control``, and remove what else the response has told of caching."""
    for name in told:
        del response.headers[name]
    response.headers["Cache-Control"] = control


def _told(response: Response) -> set[str]:
    """Return the names of the headers that say something of caching, in lower case."""
    names = [name.lower() for name, _ in response.headers]
    return {name for name in names if name in _KNOWN or name.endswith(_TARGETED)}


def _is_positive(seconds: object) -> bool:
    # None if the header has no such number; some releases of Werkzeug return other types.
    return isinstance(seconds, int) and seconds > 0


def _ends_later(expires: str | None) -> bool:
    # Values that are no date, such as "0", mean that the response has expired.
    moment = None if expires is None else parse_date(expires)
    return moment is not None and moment.timestamp() > clock.now()
