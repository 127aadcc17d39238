"""The headers that a call of a route may have: those on a list, and no others.

Proxies use headers with countless names to tell an app who asks, and from where. A proxy removes
headers with these names from what a client sends, but cannot see the messages of a WebSocket.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

from ..errors import InvalidMessage
from .show import show

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"

_ALLOWED = frozenset(
    [
        "accept",
        "accept-language",
        "content-type",
        "idempotency-key",
        "if-match",
        "if-modified-since",
        "if-none-match",
        "if-unmodified-since",
        "turbo-frame",
        "x-csrf-token",
        "x-csrftoken",
        "x-requested-with",
        "x-xsrf-token",
    ]
)
# No underscore: a WSGI environ has the same key for a name with a hyphen and with an underscore.
_HTMX = re.compile(r"hx-[a-z-]+")
# As gunicorn's ``limit_request_field_size`` and ``limit_request_fields``. Apps read headers on the
# assumption that a server has bounded them: to find the best of the 60,000 types in an ``Accept``
# takes a second.
LONGEST_VALUE = 8190
MOST_HEADERS = 100
_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
_MEDIA_TYPE = re.compile(r"\s*([!#$%&'*+.^_`|~0-9a-z-]+/[!#$%&'*+.^_`|~0-9a-z-]+)\s*(;.*)?", re.I)


def read_headers(given: Any, content_type: str, added: Collection[str]) -> dict[str, str]:
    """Return the headers of a call as a dict of values by names in lower case.

    :param given: the headers that the message gives; None if it gives none.
    :param content_type: the media type of the call's body; empty if there is no body.
    :param added: the names in ``REALTIME_CALL_HEADERS``, in lower case, which are allowed too.
    :raises InvalidMessage: if a header is not allowed, or its value is no string, or if there are
        more or longer ones than a server would take. Such a header is not silently left out:
        without it the view might do something else than was asked.
    """
    if given is None:
        return {}
    if not isinstance(given, dict):
        raise InvalidMessage("headers must be an object that maps names to values.")
    if len(given) > MOST_HEADERS:
        raise InvalidMessage(
            f"This call has {len(given):,} headers, and may have {MOST_HEADERS}, as by HTTP."
        )
    return {name.lower(): _value(name, value, content_type, added) for name, value in given.items()}


def _value(name: str, value: Any, content_type: str, added: Collection[str]) -> str:
    lowered = name.lower()
    if lowered not in _ALLOWED and lowered not in added and not _HTMX.fullmatch(lowered):
        raise InvalidMessage(
            f"The header {show(name)} can't be sent over a socket: this app's setting "
            f"REALTIME_CALL_HEADERS does not name it."
        )
    if not isinstance(value, str) or not _VALUE.fullmatch(value):
        raise InvalidMessage(
            f"The value of the header {show(name)} must be a string of printable Latin-1 "
            f"characters."
        )
    if len(value) > LONGEST_VALUE:
        raise InvalidMessage(
            f"The value of the header {show(name)} has {len(value):,} characters, and may have "
            f"{LONGEST_VALUE:,}, as by HTTP."
        )
    if lowered == "content-type":
        _check_content_type(value, content_type)
    return value.strip()


def _check_content_type(value: str, implied: str) -> None:
    """Check that a Content-Type fits the body.

    :param implied: the media type that the call's body has; empty if there is no body.
    :raises InvalidMessage: if it does not fit.
    """
    found = _MEDIA_TYPE.fullmatch(value)
    named = found[1].lower() if found else ""
    if named.endswith("+json"):
        named = JSON
    if named not in ([implied] if implied else [JSON, FORM]):
        raise InvalidMessage(
            f"The Content-Type is {show(value)}, but must be {implied or JSON}: json is sent as "
            f"{JSON} or a type that ends with +json, input as {FORM}."
        )
