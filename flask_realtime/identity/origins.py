"""Where a page, or a request, comes from, as its browser says in headers such as ``Origin``."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import NamedTuple
from urllib.parse import urlsplit

_ORIGIN = re.compile(
    r"[a-z][a-z0-9+.-]*://"
    r"(\[[0-9a-f:.]+\]|[a-z0-9._-]+)"
    r"(:[0-9]{1,5})?"
)
# What stands before the path.
_ADDRESS = re.compile(r"[^:/?#]+://[^/?#]*")
_DEFAULT_PORTS = {"http": 80, "https": 443}


class Origin(NamedTuple):
    """Scheme, host and port of a page; equal if a browser holds them for the same."""

    scheme: str
    host: str
    port: int | None

    @classmethod
    def parse(cls, text: str) -> Origin:
        """Read an origin such as ``https://example.com``, in whatever case.

        :raises ValueError: if *text* is none: ``null``, a path behind the host, no ASCII.
        """
        lowered = text.lower()
        if not _ORIGIN.fullmatch(lowered):
            raise ValueError(f"{text!r} is no origin; one looks like 'https://example.com'.")
        parts = urlsplit(lowered)
        return cls(parts.scheme, parts.hostname or "", parts.port or _default_port(parts.scheme))

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        has_default_port = self.port == _default_port(self.scheme)
        return f"{self.scheme}://{host}" + ("" if has_default_port else f":{self.port}")


def _default_port(scheme: str) -> int | None:
    return _DEFAULT_PORTS.get(scheme)


def is_allowed_origin(origin: str | None, scheme: str, host: str, allowed: Collection[str]) -> bool:
    """Whether a page of *origin* may act on a request made to *scheme* and *host*.

    No ``Origin`` header means no browser, which could forge it anyway: allowed. ``null``, which
    sandboxed frames and files send, is refused.

    :param host: the request's host, with its port if it names one.
    :param allowed: further origins, as ``REALTIME_ALLOWED_ORIGINS`` holds them.
    """
    if origin is None:
        return True
    try:
        given = Origin.parse(origin)
    except ValueError:
        return False
    return str(given) in allowed or _is_same_origin(given, scheme.lower(), host)


def is_cross_site(
    site: str | None, origin: str | None, referer: str | None, scheme: str, host: str
) -> bool:
    """Return whether a browser says that a page of another site made it send a request.

    The first of the three headers that the request has decides. Where that is not
    ``Sec-Fetch-Site``, which browsers leave out if the server has no TLS, a page of another origin
    counts as one of another site. False without any of them: the address was typed, or it is a
    bookmark's, or no browser sent the request.

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


def _is_same_origin(origin: Origin, scheme: str, host: str) -> bool:
    if origin.scheme not in ("http", "https"):
        return False
    try:
        asked = Origin.parse(f"{origin.scheme}://{host}")
    except ValueError:
        return False
    # Behind a proxy that ends TLS the app may believe it is asked by http, which the page's https
    # does not contradict. A page that came by http, where anyone on the way could write it, has
    # no business on https.
    is_weaker = scheme in ("https", "wss") and origin.scheme == "http"
    return origin == asked and not is_weaker
