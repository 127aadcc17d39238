"""The cookies of one socket, kept as its browser would keep them (RFC 6265)."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from datetime import timezone
from email.utils import parsedate_to_datetime

# Browsers keep no cookie longer than 400 days (RFC 6265bis, section 5.5).
_LONGEST_LIFE = 400 * 86_400


@dataclass(frozen=True, slots=True)
class _Cookie:
    name: str
    value: str
    path: str | None
    expires_at: float | None = None

    @property
    def is_live(self) -> bool:
        return self.expires_at is None or self.expires_at > time.time()


class CookieJar:
    """Begins with what the handshake's ``Cookie`` header said; changed by ``Set-Cookie`` lines.

    ``Secure``, ``HttpOnly`` and ``SameSite`` make no difference: whatever the socket's app sets,
    its pages, which are of the same origin, are sent.

    :param header: the ``Cookie`` header of the handshake.
    :param host: of the same request; cookies for other hosts are not kept.
    :param path: of the same request, with the app's prefix.
    """

    __slots__ = ("_cookies", "_host", "_path")

    def __init__(self, header: str, host: str, path: str) -> None:
        self._host = _without_port(host)
        self._path = path
        pairs = [part.strip().partition("=") for part in header.split(";")]
        # The header does not tell of which path they are: most likely "/", at least one of ours.
        self._cookies = [_Cookie(name, value, None) for name, _, value in pairs if name]

    def copy(self) -> CookieJar:
        """Another jar with the same cookies."""
        twin = CookieJar.__new__(CookieJar)
        twin._host, twin._path = self._host, self._path
        twin._cookies = list(self._cookies)
        return twin

    def header(self, path: str) -> str:
        """The ``Cookie`` header for a request to *path*, empty if there is none to send."""
        cookies = [one for one in self._cookies if one.is_live and _is_below(path, one.path or "/")]
        # RFC 6265, section 5.4: longer paths first.
        cookies.sort(key=lambda one: -len(one.path or ""))
        return "; ".join(f"{one.name}={one.value}" for one in cookies)

    def set(self, line: str, path: str) -> bool:
        """Keep what a ``Set-Cookie`` line of an answer to *path* says.

        :returns: whether a browser's next request would differ by it. True for each deletion: the
            browser may hold cookies, of other paths, that the handshake did not show.
        """
        pair, *attributes = line.split(";")
        name, equals, value = (part.strip() for part in pair.partition("="))
        told = {
            key.strip().lower(): value.strip()
            for key, _, value in (attribute.partition("=") for attribute in attributes)
        }
        if not name or not equals or not self._is_ours(told.get("domain", "")):
            return False
        folder = told.get("path", "")
        if not folder.startswith("/"):
            folder = _folder(path)
        cookie = _Cookie(name, value, folder, _expiry(told))
        before = [one for one in self._cookies if self._is_replaced(one, name, folder)]
        self._cookies = [one for one in self._cookies if one not in before]
        if not cookie.is_live:
            return True
        self._cookies.append(cookie)
        return not any(one.value == value and one.is_live for one in before)

    def _is_replaced(self, cookie: _Cookie, name: str, folder: str) -> bool:
        if cookie.name != name:
            return False
        return _is_below(self._path, folder) if cookie.path is None else cookie.path == folder

    def _is_ours(self, domain: str) -> bool:
        domain = domain.lstrip(".").lower()
        return not domain or self._host == domain or self._host.endswith(f".{domain}")


def _expiry(attributes: dict[str, str]) -> float | None:
    """When a cookie ends; Max-Age counts before Expires."""
    seconds = _seconds(attributes.get("max-age", ""))
    if seconds is not None:
        return time.time() + seconds
    try:
        expires = parsedate_to_datetime(attributes["expires"])
    except (KeyError, ValueError, OverflowError):
        return None
    return (expires if expires.tzinfo else expires.replace(tzinfo=timezone.utc)).timestamp()


def _seconds(max_age: str) -> int | None:
    """What a Max-Age says, None where it is no number (RFC 6265, section 5.2.2)."""
    if not re.fullmatch(r"-?[0-9]+", max_age):
        return None
    if max_age.startswith("-"):
        return 0
    # Of any length: Python's floats, in which moments are counted, have 309 digits.
    return min(int(max_age.lstrip("0")[:12] or "0"), _LONGEST_LIFE)


def _without_port(host: str) -> str:
    return host.lower() if host.endswith("]") else host.lower().rpartition(":")[0] or host.lower()


def _folder(path: str) -> str:
    """The default path of a cookie (RFC 6265, section 5.1.4)."""
    return path.rpartition("/")[0] or "/"


def _is_below(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder if folder.endswith("/") else f"{folder}/")
