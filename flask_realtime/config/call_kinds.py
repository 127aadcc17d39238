"""The kinds of values that settings about calls over a socket may have."""

from __future__ import annotations

import re
from typing import Any

from .kinds import Kind, list_of, read_list
from .redaction import without_passwords

# Headers that describe how a request was sent, or that browsers do not let a page set
# (https://fetch.spec.whatwg.org/#forbidden-request-header).
_OF_THE_TRANSPORT = re.compile(
    r"connection|content-(encoding|length|transfer-encoding)|cookie2?|date|dnt|expect|forwarded|host"
    r"|keep-alive|origin|range|referer|te|trailer|transfer-encoding|upgrade|via"
    r"|(proxy|sec|x-forwarded)-.*",
    re.IGNORECASE,
)

_OF_ONE_REQUEST = frozenset(
    [
        "CONTENT_LENGTH",
        "CONTENT_TYPE",
        "PATH_INFO",
        "QUERY_STRING",
        "RAW_URI",
        "REQUEST_METHOD",
        "REQUEST_URI",
        "SERVER_PROTOCOL",
    ]
)


def allow_calls() -> Kind:
    """Return the kind: all, nothing, or a list of endpoints and patterns of paths."""

    def read(value: Any) -> bool | tuple[str, ...] | None:
        if value is None or isinstance(value, bool):
            return value
        return read_list(value, _read_endpoint_or_path)

    expected = "True, False, None, or a list of endpoints and paths such as '/rooms/*/messages'"
    return Kind("bool, list of str or None", expected, read)


def environ_keys() -> Kind:
    """Return the kind: keys of a WSGI environ."""
    return list_of("a list of keys such as 'myapp.tenant'", _read_environ_key)


def header_names() -> Kind:
    """Return the kind: names of headers, which are kept in lower case."""
    return list_of("a list of headers such as 'X-Client-Version'", _read_header_name)


def _read_endpoint_or_path(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError(f"{without_passwords(value)} in it is neither an endpoint nor a path.")
    if not value.startswith("/"):
        if "*" in value or "/" in value:
            raise ValueError(
                f"{without_passwords(value)} in it is neither an endpoint nor a path: a "
                "path begins with '/'."
            )
        return value
    if "<" in value or "{" in value:
        raise ValueError(
            f"{without_passwords(value)} in it is written as a route, and not as a path: write '*' "
            f"in place of each '<…>' or '{{…}}'."
        )
    if "?" in value or "#" in value:
        raise ValueError(
            f"{without_passwords(value)} in it has more than a path: leave out '?' or '#', and all "
            f"behind it. A path counts with whatever query it is called."
        )
    *parts, last = value.split("/")
    if any("*" in one and one != "*" for one in parts) or ("*" in last and last not in ("*", "**")):
        raise ValueError(
            f"{without_passwords(value)} in it is not a valid path: write '*' between two slashes "
            f"for any one part of the path, and '**' at the end for all further parts."
        )
    return value


def _read_environ_key(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError(f"{without_passwords(value)} in it is not a key.")
    if value in _OF_ONE_REQUEST or value.startswith(("HTTP_", "wsgi.", "werkzeug.")):
        raise ValueError(
            f"{without_passwords(value)} in it differs from request to request, so a call cannot "
            f"take it from the handshake."
        )
    return value


def _read_header_name(value: Any) -> str:
    # No underscore: in an environ it looks like the hyphen of another header.
    if not isinstance(value, str) or not re.fullmatch(r"[A-Za-z0-9-]+", value):
        raise ValueError(
            f"{without_passwords(value)} in it is not a header's name: write letters, digits and "
            "hyphens."
        )
    if _OF_THE_TRANSPORT.fullmatch(value):
        raise ValueError(
            f"{without_passwords(value)} in it is a header that only browsers and servers may set."
        )
    return value.lower()
