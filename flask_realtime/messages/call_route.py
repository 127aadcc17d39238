"""The bundled handler that runs a view of the app."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode, urlsplit

from ..errors import InvalidMessage
from .conversation import RouteHandler
from .environ import Call

_METHODS = frozenset(["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"])
_METHODS_WITHOUT_FORM = frozenset(["DELETE", "GET", "HEAD"])

# RFC 9110, section 5.6.2, without the underscore, which in an environ is a hyphen: a server
# would let X_Forwarded_For pass for X-Forwarded-For.
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^`|~-]+")
_HEADER_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
# Hop-by-hop (RFC 9110, section 7.6.1), the socket's own, or said by every proxy.
_FORBIDDEN = frozenset(
    [
        "connection",
        "content-length",
        "cookie",
        "cookie2",
        "forwarded",
        "host",
        "keep-alive",
        "origin",
        "referer",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    ]
)
_FORBIDDEN_PREFIXES = ("proxy-", "sec-", "x-forwarded-")
# By these, proxies tell an app who asks, from where, and for what. They take them away from
# requests, where they would be forged; what comes over a socket they do not see.
_SAID_BY_PROXIES = re.compile(
    r"(x-)?(amzn|appengine|arr|auth-request|authenticated|azure|cluster|envoy|goog|ms-client"
    r"|original|real|remote|rewrite|ssl|tailscale|webauth)-.+"
    r"|(true-|x-)?client-(cert|dn|ip|s-dn|verify|verified).*"
    r"|(cf|fastly)-.+"
    r"|via"
)


class CallRoute(RouteHandler):
    """Answers ``call-route``: the response to the request that the message describes.

    ``{"method": "post", "uri": "/rooms/1/messages", "input": {"text": "hi"}}``; the method is
    ``get`` if there is none. See the documentation for ``json``, ``headers`` and ``partial``.
    """

    def __call__(self, data: dict[str, Any]) -> Call:
        """Read the request from the message.

        :raises InvalidMessage: naming what can't be used.
        """
        method = _method(data)
        path, query = _split_uri(data)
        headers = _headers(data)
        content_type, body = "", b""
        if "json" in data:
            content_type, body = "application/json", json.dumps(data["json"]).encode()
        if data.get("input") is not None:
            pairs = urlencode(_input(data))
            if method in _METHODS_WITHOUT_FORM:
                query = "&".join(filter(None, [query, pairs]))
            else:
                content_type, body = "application/x-www-form-urlencoded", pairs.encode()
        content_type = headers.pop("content-type", content_type)
        return Call(method, path, query, headers, body, content_type, _partial(data))


call_route = CallRoute()


def _method(data: dict[str, Any]) -> str:
    method = data.get("method", "get")
    if not isinstance(method, str) or method.upper() not in _METHODS:
        known = ", ".join(sorted(_METHODS)).lower()
        raise InvalidMessage(f"The method is {_show(method)}, and may be: {known}.")
    return method.upper()


def _split_uri(data: dict[str, Any]) -> tuple[str, str]:
    uri = data.get("uri")
    is_path = isinstance(uri, str) and uri.startswith("/") and not uri.startswith(("//", "/\\"))
    if not isinstance(uri, str) or not is_path:
        raise InvalidMessage(
            f"The uri is {_show(uri)}, and must be a path of this app, as url_for writes it: with "
            f"a slash at its start, without scheme and host."
        )
    parts = urlsplit(uri)
    return parts.path, parts.query


def _headers(data: dict[str, Any]) -> dict[str, str]:
    headers = data.get("headers")
    if headers is None:
        return {}
    if not isinstance(headers, dict):
        raise InvalidMessage("headers must be an object of names and values.")
    for name, value in headers.items():
        if not _HEADER_NAME.fullmatch(name):
            raise InvalidMessage(f"The header {_show(name)} has no valid name.")
        if not isinstance(value, str) or not _HEADER_VALUE.fullmatch(value):
            raise InvalidMessage(f"The header {_show(name)} has no valid value; it must be a text.")
        lowered = name.lower()
        if (
            lowered in _FORBIDDEN
            or lowered.startswith(_FORBIDDEN_PREFIXES)
            or _SAID_BY_PROXIES.fullmatch(lowered)
        ):
            raise InvalidMessage(f"The header {_show(name)} can't be sent over a socket.")
    return {name.lower(): value.strip() for name, value in headers.items()}


def _input(data: dict[str, Any]) -> list[tuple[str, str]]:
    if "json" in data:
        raise InvalidMessage("A message has input or json, not both.")
    given = data["input"]
    if not isinstance(given, dict):
        raise InvalidMessage("input must be an object of names and values.")
    return [
        (name, _as_field(name, item)) for name, value in given.items() for item in _listed(value)
    ]


def _listed(value: Any) -> Iterator[Any]:
    values = value if isinstance(value, list) else [value]
    return (one for one in values if one is not None)


def _as_field(name: str, value: Any) -> str:
    """The value as a form would send it; true and numbers as JavaScript writes them."""
    if isinstance(value, str):
        return value
    if isinstance(value, (bool, int, float)):
        return json.dumps(value)
    raise InvalidMessage(
        f"input has at {_show(name)} what no form can carry, which knows texts, numbers, true, "
        f"false, and lists of them; send it as json."
    )


def _partial(data: dict[str, Any]) -> str | None:
    partial = data.get("partial")
    if partial is not None and not isinstance(partial, str):
        raise InvalidMessage("partial must be the name of a block.")
    return partial


def _show(value: Any) -> str:
    """A value as a reply repeats it: it may be as large as a message."""
    text = json.dumps(value)
    return text if len(text) <= 100 else text[:100] + "…"
