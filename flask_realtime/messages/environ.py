"""Makes the WSGI environ of the request that a message stands for."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from io import BytesIO
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote, unquote_to_bytes, urlsplit, urlunsplit

from ..errors import InvalidMessage
from ..identity.origins import Origin
from .call_headers import FORM

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment
    from flask import Flask

# Characters of a query that are not encoded. The percent sign is one of them, since the client has
# encoded other characters already.
_QUERY_SAFE = "%/:?#[]@!$&'()*+,;=~-._"
_NEEDS_NO_QUOTING = re.compile(f"[A-Za-z0-9{re.escape(_QUERY_SAFE)}]*").fullmatch

# The most characters of a Referer. Of a longer address browsers send the origin alone.
_LONGEST_REFERER = 4096

# The keys of WSGI (PEP 3333) and CGI (RFC 3875, section 4.1) that say who sent the handshake, and
# to which server. Other keys come from the server or from middleware, and are true of the handshake
# alone: the time at which it began, for example.
_KEPT = frozenset(
    [
        "AUTH_TYPE",
        "GATEWAY_INTERFACE",
        "REMOTE_ADDR",
        "REMOTE_HOST",
        "REMOTE_IDENT",
        "REMOTE_PORT",
        "REMOTE_USER",
        "SCRIPT_NAME",
        "SERVER_NAME",
        "SERVER_PORT",
        "SERVER_SOFTWARE",
        "wsgi.errors",
        "wsgi.multiprocess",
        "wsgi.multithread",
    ]
)
# Headers that describe the handshake alone: its body, its caching, its trace. With Upgrade and
# Connection, Werkzeug would answer each call with 400 (WebsocketMismatch). With Accept-Encoding, an
# app that compresses its responses would send bodies that scripts of a page cannot read. With
# Early-Data (RFC 8470: the handshake came in the early data of TLS 1.3) an app may refuse requests
# that change something.
_LEFT_OUT_HEADERS = frozenset(
    [
        "ACCEPT_ENCODING",
        "B3",
        "BAGGAGE",
        "CACHE_CONTROL",
        "CF_RAY",
        "CONNECTION",
        "COOKIE",
        "EARLY_DATA",
        "ELASTIC_APM_TRACEPARENT",
        "EXPECT",
        "HTTP2_SETTINGS",
        "KEEP_ALIVE",
        "NEWRELIC",
        "PRAGMA",
        "RANGE",
        "REFERER",
        "REQUEST_ID",
        "SEC_FETCH_DEST",
        "SEC_FETCH_MODE",
        "SENTRY_TRACE",
        "TE",
        "TRACEPARENT",
        "TRACESTATE",
        "TRAILER",
        "TRANSFER_ENCODING",
        "UBER_TRACE_ID",
        "UPGRADE",
        "X_AMZN_TRACE_ID",
        "X_CLOUD_TRACE_CONTEXT",
        "X_CORRELATION_ID",
        "X_QUEUE_START",
        "X_REQUEST_ID",
        "X_REQUEST_START",
        "X_TRACE_ID",
    ]
)
_LEFT_OUT_HEADER_PREFIXES = ("IF_", "PROXY_", "SEC_WEBSOCKET_", "X_B3_", "X_DATADOG_", "X_OT_")
# Headers whose value in the handshake a call may replace, as scripts may with fetch().
_REPLACEABLE = frozenset(["HTTP_ACCEPT", "HTTP_ACCEPT_LANGUAGE", "HTTP_AUTHORIZATION"])


class Call(NamedTuple):
    """One request to the app, made from a message.

    :param method: the HTTP method in upper case.
    :param path: the percent-encoded path, with the prefix under which the app is mounted.
    :param query: the query string, percent-encoded or not.
    :param headers: further headers: values by names in lower case.
    :param body: the request's body.
    :param content_type: the media type of the body; empty if there is no body.
    :param referrer: the address of the page that asks; None if the message names none. Of an
        address with another origin than the handshake's, nothing is used.
    """

    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = MappingProxyType({})
    body: bytes = b""
    content_type: str = ""
    referrer: str | None = None


class OutsideOfApp(LookupError):
    """The path of a call is not below the prefix under which the app is mounted."""


def environ_template(
    app: Flask, handshake: WSGIEnvironment, keys: Collection[str]
) -> dict[str, Any]:
    """Return the part of the environ that all requests of one socket have in common.

    :param app: the app.
    :param handshake: the WSGI environ of the handshake, as the app's middleware left it.
    :param keys: further keys of the handshake's environ to keep (``REALTIME_ENVIRON_KEYS``).
    """
    kept = {key: value for key, value in handshake.items() if _is_kept(key) or key in keys}
    # Some proxies say that the scheme of a handshake is ws or wss.
    scheme = handshake.get("wsgi.url_scheme", "http")
    kept["wsgi.url_scheme"] = {"ws": "http", "wss": "https"}.get(scheme, scheme)
    kept.setdefault("HTTP_ACCEPT", "*/*")
    if "HTTP_SEC_FETCH_SITE" in kept:
        kept.update(HTTP_SEC_FETCH_MODE="cors", HTTP_SEC_FETCH_DEST="empty")
    if "HTTP_ORIGIN" in kept:
        # CSRF protection requires a Referer over https, but browsers send none with a handshake.
        # The origin was checked before the upgrade.
        kept["HTTP_REFERER"] = f"{kept['HTTP_ORIGIN']}/"
    # Without a base_url, the app's SERVER_NAME would replace the host that the client asked.
    context = app.test_request_context(base_url="http://localhost/", environ_overrides=kept)
    environ = context.request.environ
    return {key: value for key, value in environ.items() if not key.startswith("werkzeug.")}


def call_environ(template: Mapping[str, Any], call: Call, cookies: str) -> dict[str, Any]:
    """Return the WSGI environ of one call.

    :param template: what :func:`environ_template` returned for the socket.
    :param call: the request.
    :param cookies: the value of the ``Cookie`` header; empty: no cookies.
    :raises OutsideOfApp: if the path is not below the prefix under which the app is mounted.
    :raises InvalidMessage: if a header would replace one that the handshake had.
    """
    environ = dict(template)
    query = _quote(call.query)
    uri = _quote(call.path) + (f"?{query}" if query else "")
    environ.update(
        REQUEST_METHOD=call.method,
        PATH_INFO=path_info(call.path, template.get("SCRIPT_NAME", "")),
        QUERY_STRING=query,
        REQUEST_URI=uri,
        RAW_URI=uri,
    )
    if call.headers:
        environ.update(_headers(template, call.headers))
    if call.referrer is not None and "HTTP_ORIGIN" in template:
        environ["HTTP_REFERER"] = _referer(call.referrer, template["HTTP_ORIGIN"])
    environ["wsgi.input"] = BytesIO(call.body)
    if call.body or call.method not in ("GET", "HEAD"):
        environ["CONTENT_LENGTH"] = str(len(call.body))
    if call.content_type:
        environ["CONTENT_TYPE"] = call.content_type
    if cookies:
        environ["HTTP_COOKIE"] = cookies
    return environ


def parts_to_decode(environ: Mapping[str, Any], call: Call) -> int:
    """Return how many percent-encoded bytes and fields the view of a call may have to decode.

    :param environ: what :func:`call_environ` returned for the call.
    :param call: the request.
    """
    query: str = environ["QUERY_STRING"]
    # A client may name the type with parameters, and in capitals.
    body = call.body if call.content_type.lower().startswith(FORM) else b""
    return query.count("%") + query.count("&") + body.count(b"%") + body.count(b"&")


def path_info(path: str, script_name: str) -> str:
    """Return the ``PATH_INFO`` of a request: its path below that of the app.

    PEP 3333 wants text with one character for each byte, as Latin-1 decodes it.

    :param path: the percent-encoded path.
    :param script_name: the path under which the app is mounted.
    :raises OutsideOfApp: if *path* is not below it.
    """
    decoded = unquote_to_bytes(path).decode("latin-1")
    root = script_name.rstrip("/")
    if decoded != root and not decoded.startswith(f"{root}/"):
        raise OutsideOfApp(path)
    return decoded[len(root) :]


def _is_kept(key: str) -> bool:
    if key.startswith("HTTP_"):
        name = key.removeprefix("HTTP_")
        return name not in _LEFT_OUT_HEADERS and not name.startswith(_LEFT_OUT_HEADER_PREFIXES)
    return key in _KEPT


def _quote(text: str) -> str:
    # Most texts need no quoting, and quote() takes a microsecond to find that out.
    return text if _NEEDS_NO_QUOTING(text) else quote(text, safe=_QUERY_SAFE)


def _referer(address: str, origin: str) -> str:
    """Return the ``Referer`` of a call: *address*, or the root of *origin* if that is not its own.

    A client cannot claim another origin in this way than that of the handshake, which was checked.

    :param address: the address of the page, as the client gives it.
    :param origin: the handshake's ``Origin``.
    """
    root = f"{origin}/"
    if len(address) > _LONGEST_REFERER:
        return root
    own = address.partition("#")[0]
    if own.startswith(root) and _NEEDS_NO_QUOTING(own):
        # Most addresses; to take them apart takes 7 us.
        return own
    try:
        parts = urlsplit(address)
        if Origin.parse(f"{parts.scheme}://{parts.netloc}") != Origin.parse(origin):
            return root
    except ValueError:
        return root
    own = urlunsplit(parts._replace(path=parts.path or "/", fragment=""))
    return _quote(own)


def _headers(template: Mapping[str, Any], headers: Mapping[str, str]) -> dict[str, str]:
    keys = {}
    for name, value in headers.items():
        key = "HTTP_" + name.upper().replace("-", "_")
        # A client must not replace what a proxy has set, such as an address or a user's name.
        if key in template and key not in _REPLACEABLE:
            raise InvalidMessage(
                f"The header {name!r} can't be sent with a call, because the handshake already "
                f"had it."
            )
        keys[key] = value
    return keys
