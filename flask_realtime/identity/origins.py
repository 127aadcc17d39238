"""Where a page comes from, as its browser says in the ``Origin`` header (RFC 6454)."""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import urlsplit

_ORIGIN = re.compile(
    r"[a-z][a-z0-9+.-]*://"
    r"(\[[0-9a-f:.]+\]|[a-z0-9._-]+)"
    r"(:[0-9]{1,5})?"
)
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
