"""The handler of ``call-route``, the library's own action, which runs a route of the app."""

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

#: The HTTP methods of calls.
METHODS = frozenset(["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"])
_METHODS_WITHOUT_FORM = frozenset(["DELETE", "GET", "HEAD"])
_OPTIONS = ("headers", "input", "json", "method", "referrer", "uri")
_KNOWN_OPTIONS = frozenset(_OPTIONS)

_CONTROL_CHARACTER = re.compile(r"[\x00-\x1f\x7f]")


class CallRoute(RouteHandler):
    """Answers ``call-route`` with the app's response to the request that the message describes.

    A message may have these fields:

    - ``uri``: a path of the app, with its query. It is required.
    - ``method``: the HTTP method in upper or lower case; ``get`` if it is left out.
    - ``input``: the fields of a form, as an object or as a list of ``[name, value]`` pairs. With
      ``delete``, ``get`` and ``head`` they are added to the query.
    - ``json``: the body as any JSON value, in place of ``input``.
    - ``headers``: an object of the request's headers; see :mod:`.call_headers`.
    - ``referrer``: the address of the page that asks.

    For example ``{"method": "post", "uri": "/rooms/1/messages", "input": {"text": "hi"}}``. A field
    with another name is an error: a view that ran without what its caller meant to send could do
    harm.
    """

    def read(self, data: dict[str, Any], config: Config) -> Call:
        """Return the request that a message describes.

        :param data: the fields of the message.
        :param config: the settings of the app; ``REALTIME_CALL_HEADERS`` is used.
        :raises InvalidMessage: if the message describes no request; the error names the field.
        """
        _check_options(data)
        method = _method(data)
        path, query = split_uri(data.get("uri"))
        content_type, body = "", b""
        if "json" in data:
            content_type, body = JSON, _json(data["json"])
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


def split_uri(uri: Any) -> tuple[str, str]:
    """Return the path and the query of a call.

    :param uri: the field of the message.
    :raises InvalidMessage: if it is no path of an app.
    """
    is_path = isinstance(uri, str) and uri.startswith("/") and not uri.startswith(("//", "/\\"))
    if not isinstance(uri, str) or not is_path:
        raise InvalidMessage(
            f"The uri is {show(uri)}, but must be a path of this app, as url_for returns it: it "
            f"begins with one slash, and has no scheme and no host."
        )
    if _CONTROL_CHARACTER.search(uri):
        raise InvalidMessage(
            f"The uri {show(uri)} has a control character, which must be percent-encoded (a tab "
            f"is %09)."
        )
    path, _, query = uri.partition("#")[0].partition("?")
    return path, query


def _check_options(data: dict[str, Any]) -> None:
    if not data.keys() <= _KNOWN_OPTIONS:
        unknown = [name for name in data if name not in _OPTIONS]
        raise InvalidMessage(
            f"call-route has no option {show(unknown[0])}; its options are: {', '.join(_OPTIONS)}."
        )


def _method(data: dict[str, Any]) -> str:
    method = data.get("method", "get")
    if not isinstance(method, str) or method.upper() not in METHODS:
        known = ", ".join(sorted(METHODS)).lower()
        raise InvalidMessage(f"The method is {show(method)}, but must be one of: {known}.")
    return method.upper()


def _json(value: Any) -> bytes:
    try:
        return json.dumps(value).encode()
    except RecursionError:
        # What could be read, by fewer calls of functions within each other, need not be writable.
        raise InvalidMessage("json is nested too deeply.") from None


def _input(data: dict[str, Any]) -> list[tuple[str, str]]:
    if "json" in data:
        raise InvalidMessage("A message can have input or json, but not both.")
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
            f"input is {show(given)}, but must be an object that maps names to values, or a list "
            f"of [name, value] pairs."
        )
    for pair in given:
        if not isinstance(pair, list) or len(pair) != 2 or not isinstance(pair[0], str):
            raise InvalidMessage(f"input holds {show(pair)}, which is not a [name, value] pair.")
        if isinstance(pair[1], list):
            raise InvalidMessage(
                f"input holds {show(pair)}, but a pair has one value; write a pair for each value."
            )
        yield pair[0], pair[1]


def _listed(value: Any) -> Iterator[Any]:
    values = value if isinstance(value, list) else [value]
    return (one for one in values if one is not None)


def _as_field(name: str, value: Any) -> str:
    """Return a value as a form would send it: numbers and booleans as JavaScript writes them.

    :param name: the field's name, for the error.
    :raises InvalidMessage: if a form cannot hold the value.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, float) and 0 < abs(value) < 1e-4:
        return _small_number(value)
    if isinstance(value, (bool, int, float)):
        return json.dumps(value)
    raise InvalidMessage(
        f"The field {show(name)} of input can't be sent as a form's field, which is a string, a "
        f"number, true, false, or a list of these; send it as json."
    )


def _text(data: dict[str, Any], option: str, meaning: str) -> str | None:
    value = data.get(option)
    if value is not None and not isinstance(value, str):
        raise InvalidMessage(f"{option} is {show(value)}, but must be {meaning}, as a string.")
    return value


def _small_number(value: float) -> str:
    """Return a number below 0.0001 as JavaScript writes it.

    JavaScript uses an exponent for smaller numbers than Python does (from 1e-7, not 1e-5), and
    writes it without a leading zero.
    """
    digits, _, exponent = repr(value).partition("e-")
    return f"{digits}e-{int(exponent)}" if int(exponent) > 6 else f"{Decimal(repr(value)):f}"
