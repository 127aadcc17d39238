"""The bundled handler that runs a view of the app."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from ..config.settings import Config
from ..errors import InvalidMessage
from .call_headers import FORM, JSON, read_headers
from .environ import Call
from .handlers import RouteHandler
from .show import show

_METHODS = frozenset(["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"])
_METHODS_WITHOUT_FORM = frozenset(["DELETE", "GET", "HEAD"])
_OPTIONS = ("headers", "input", "json", "method", "referrer", "uri")

_CONTROL_CHARACTER = re.compile(r"[\x00-\x1f\x7f]")


class CallRoute(RouteHandler):
    """Answers ``call-route``: the response to the request that the message describes.

    ``{"method": "post", "uri": "/rooms/1/messages", "input": {"text": "hi"}}``; the method is
    ``get`` if there is none. See the documentation for ``json``, ``headers`` and
    ``referrer``. An option that is not known is an error, not ignored: a view that runs without
    what its caller meant to send does harm that a refusal does not.
    """

    def read(self, data: dict[str, Any], config: Config) -> Call:
        """Read the request from the message.

        :param data: the fields of the message.
        :param config: has ``REALTIME_CALL_HEADERS``.
        :raises InvalidMessage: naming what can't be used.
        """
        _check_options(data)
        method = _method(data)
        path, query = _split_uri(data)
        content_type, body = "", b""
        if "json" in data:
            content_type, body = JSON, json.dumps(data["json"]).encode()
        if data.get("input") is not None:
            pairs = urlencode(_input(data))
            if method in _METHODS_WITHOUT_FORM:
                query = "&".join(filter(None, [query, pairs]))
            else:
                content_type, body = FORM, pairs.encode()
        headers = read_headers(data.get("headers"), content_type, config.call_headers)
        content_type = headers.pop("content-type", content_type)
        return Call(
            method,
            path,
            query,
            headers,
            body,
            content_type,
            referrer=_text(data, "referrer", "the address of the page"),
        )


call_route = CallRoute()


def _check_options(data: dict[str, Any]) -> None:
    unknown = [name for name in data if name not in _OPTIONS]
    if unknown:
        raise InvalidMessage(
            f"call-route has no option {show(unknown[0])}; there are: {', '.join(_OPTIONS)}."
        )


def _method(data: dict[str, Any]) -> str:
    method = data.get("method", "get")
    if not isinstance(method, str) or method.upper() not in _METHODS:
        known = ", ".join(sorted(_METHODS)).lower()
        raise InvalidMessage(f"The method is {show(method)}, and may be: {known}.")
    return method.upper()


def _split_uri(data: dict[str, Any]) -> tuple[str, str]:
    uri = data.get("uri")
    is_path = isinstance(uri, str) and uri.startswith("/") and not uri.startswith(("//", "/\\"))
    if not isinstance(uri, str) or not is_path:
        raise InvalidMessage(
            f"The uri is {show(uri)}, and must be a path of this app, as url_for writes it: with "
            f"a slash at its start, without scheme and host."
        )
    if _CONTROL_CHARACTER.search(uri):
        raise InvalidMessage(
            f"The uri {show(uri)} holds a control character; url_for would write it as %09, say."
        )
    path, _, query = uri.partition("#")[0].partition("?")
    return path, query


def _input(data: dict[str, Any]) -> list[tuple[str, str]]:
    if "json" in data:
        raise InvalidMessage("A message has input or json, not both.")
    return [
        (name, _as_field(name, item))
        for name, value in _pairs(data["input"])
        for item in _listed(value)
    ]


def _pairs(given: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(given, dict):
        yield from given.items()
        return
    if not isinstance(given, list):
        raise InvalidMessage(
            f"input is {show(given)}, and must be an object of names and values, or a list of "
            f"pairs of them."
        )
    for pair in given:
        if not isinstance(pair, list) or len(pair) != 2 or not isinstance(pair[0], str):
            raise InvalidMessage(f"input holds {show(pair)}, which is no name and value.")
        if isinstance(pair[1], list):
            raise InvalidMessage(f"input holds {show(pair)}: a name has one value; repeat it.")
        yield pair[0], pair[1]


def _listed(value: Any) -> Iterator[Any]:
    values = value if isinstance(value, list) else [value]
    return (one for one in values if one is not None)


def _as_field(name: str, value: Any) -> str:
    """The value as a form would send it; true and numbers as JavaScript writes them."""
    if isinstance(value, str):
        return value
    if isinstance(value, float) and 0 < abs(value) < 1e-4:
        return _small_number(value)
    if isinstance(value, (bool, int, float)):
        return json.dumps(value)
    raise InvalidMessage(
        f"input has at {show(name)} what no form can carry, which knows texts, numbers, true, "
        f"false, and lists of them; send it as json."
    )


def _text(data: dict[str, Any], option: str, meaning: str) -> str | None:
    value = data.get(option)
    if value is not None and not isinstance(value, str):
        raise InvalidMessage(f"{option} is {show(value)}, and must be {meaning}, a text.")
    return value


def _small_number(value: float) -> str:
    """A number as JavaScript writes it, which has more zeros, and exponents without one."""
    digits, _, exponent = repr(value).partition("e-")
    return f"{digits}e-{int(exponent)}" if int(exponent) > 6 else f"{Decimal(repr(value)):f}"
