"""The headers that the caller of a route may send: those on a list, and no others.

Proxies tell an app by headers who asks and from where, under countless names, and remove what a
client sends under these names. A proxy does not see what comes over a socket.
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
# Without an underscore, which in an environ is the same as a hyphen.
_OF_HTMX = re.compile(r"hx-[a-z-]+")
_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
_MEDIA_TYPE = re.compile(r"\s*([!#$%&'*+.^_`|~0-9a-z-]+/[!#$%&'*+.^_`|~0-9a-z-]+)\s*(;.*)?", re.I)


def read_headers(given: Any, content_type: str, added: Collection[str]) -> dict[str, str]:
    """Read the headers of a call: values by names in lower case.

    :param given: the headers of the message, None if it has none.
    :param content_type: the type of the call's body, empty if there is no body.
    :param added: further names that are allowed, in lower case.
    :raises InvalidMessage: if a header is not allowed, or its value is no text. Such a header is
        not silently left out: without it the view might do something else than was asked.
    """
    if given is None:
        return {}
    if not isinstance(given, dict):
        raise InvalidMessage("headers must be an object of names and values.")
    return {name.lower(): _value(name, value, content_type, added) for name, value in given.items()}


def _value(name: str, value: Any, content_type: str, added: Collection[str]) -> str:
    lowered = name.lower()
    if lowered not in _ALLOWED and lowered not in added and not _OF_HTMX.fullmatch(lowered):
        raise InvalidMessage(
            f"The header {show(name)} can't be sent over a socket: this app's setting "
            f"REALTIME_CALL_HEADERS does not name it."
        )
    if not isinstance(value, str) or not _VALUE.fullmatch(value):
        raise InvalidMessage(f"The header {show(name)} has no valid value; it must be a text.")
    if lowered == "content-type":
        _check_content_type(value, content_type)
    return value.strip()


def _check_content_type(value: str, implied: str) -> None:
    """Check that a Content-Type fits the body, which is a form, or JSON of some kind."""
    found = _MEDIA_TYPE.fullmatch(value)
    named = found[1].lower() if found else ""
    if named.endswith("+json"):
        named = JSON
    if named not in ([implied] if implied else [JSON, FORM]):
        raise InvalidMessage(
            f"The Content-Type is {show(value)}, and must be {implied or JSON}: that of json is "
            f"JSON of some kind, that of input a form's."
        )
