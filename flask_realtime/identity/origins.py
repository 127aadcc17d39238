"""Where a page, or a request, comes from, as its browser says in headers such as ``Origin``."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import NamedTuple
from urllib.parse import urlsplit

#: How many characters of a header or an address a log line or an error shows: strangers write them.
SHOWN = 200

_ORIGIN = re.compile(
    r"[a-z][a-z0-9+.-]*://"
    r"(\[[0-9a-f:.]+\]|[a-z0-9._-]+)"
    r"(:[0-9]{1,5})?"
)
# The part of an address before its path.
_ADDRESS = re.compile(r"[^:/?#]+://[^/?#]*")
_DEFAULT_PORTS = {"http": 80, "https": 443}


class Origin(NamedTuple):
    """Scheme, host and port of a page. Two are equal if browsers treat them as the same origin."""

    scheme: str
    host: str
    port: int | None

    @classmethod
    def parse(cls, text: str) -> Origin:
        """Return the origin that *text* stands for, such as ``https://example.com``, in any case.

        :raises ValueError: if *text* is no origin: ``null``, with a path, or not ASCII.
        """
        lowered = text.lower()
        if not _ORIGIN.fullmatch(lowered):
            raise ValueError(f"{text!r} is not an origin, which looks like 'https://example.com'.")
        parts = urlsplit(lowered)
        port = parts.port or _DEFAULT_PORTS.get(parts.scheme)
        return cls(parts.scheme, parts.hostname or "", port)

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        has_default_port = self.port == _DEFAULT_PORTS.get(self.scheme)
        return f"{self.scheme}://{host}" + ("" if has_default_port else f":{self.port}")


def is_allowed_origin(origin: str | None, scheme: str, host: str, allowed: Collection[str]) -> bool:
    """Return whether a page of *origin* may send requests to *scheme* and *host*.

    A request without an ``Origin`` header is allowed: no browser sent it, and anything but a
    browser could forge the header. The origin ``null``, which sandboxed frames and local files
    send, is refused.

    :param host: the request's host, with its port if it names one.
    :param allowed: further origins, as ``REALTIME_ALLOWED_ORIGINS`` holds them.
    """
    if origin is None:
        return True
    try:
        given = Origin.parse(origin)
    except ValueError:
        return False
    if allowed and str(given) in allowed:
        return True
    return _is_same_origin(origin, given, scheme.lower(), host)


def is_cross_site(
    site: str | None, origin: str | None, referer: str | None, scheme: str, host: str
) -> bool:
    """Return whether a browser says that a page of another site made it send a request.

    The first of these headers that the request has decides: ``Sec-Fetch-Site``, ``Origin``,
    ``Referer``. Browsers leave out ``Sec-Fetch-Site`` if the server has no TLS; then every page of
    another origin counts as one of another site. Without any of the headers the answer is False:
    the address was typed, or is a bookmark's, or no browser sent the request.

    :param site: the header ``Sec-Fetch-Site``, None if there is none.
    :param origin: the header ``Origin``.
    :param referer: the header ``Referer``.
    :param scheme: ``http`` or ``https``, by which the request came.
    :param host: the request's host, with its port if it names one.
    """
    if site is not None:
        return site == "cross-site"
    if origin is None and referer is not None:
        found = _ADDRESS.match(referer)
        origin = found[0] if found else referer
    return not is_allowed_origin(origin, scheme, host, ())


def _is_same_origin(text: str, origin: Origin, scheme: str, host: str) -> bool:
    if origin.scheme not in ("http", "https"):
        return False
    asked_text = f"{origin.scheme}://{host}"
    try:
        asked = origin if asked_text == text else Origin.parse(asked_text)
    except ValueError:
        return False
    # Behind a proxy that ends TLS the app may see http where the page has https: that is allowed.
    # A page that came by http may have been written by anyone on the way, and must not act on
    # https.
    is_weaker = scheme in ("https", "wss") and origin.scheme == "http"
    return origin == asked and not is_weaker
