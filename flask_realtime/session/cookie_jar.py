"""The cookies of one socket, kept as its browser would keep them (RFC 6265)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timezone
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote_to_bytes

from ..threads import clock

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

# Browsers keep no cookie longer than 400 days (RFC 6265bis, section 5.5).
_LONGEST_LIFE = 400 * 86_400
#: How many bytes a cookie's name and value may have together (RFC 6265bis, section 5.6).
MOST_BYTES = 4096
#: How many cookies a socket may have: as many as Chromium keeps for one site.
MOST_COOKIES = 180
# A cookie whose end moves with each response is handed on at most once in this part of its life.
RENEWED_EVERY = 0.1
# A path that is the same in an address.
_PLAIN = re.compile(r"[A-Za-z0-9_./-]*")


@dataclass(frozen=True, slots=True)
class _Cookie:
    name: str
    value: str
    path: str | None
    expires_at: float | None = None

    @property
    def is_live(self) -> bool:
        return self.expires_at is None or self.expires_at > clock.now()

    def stands_for(self, other: _Cookie) -> bool:
        """Return whether a browser that has this cookie need not be told of *other*."""
        if self.value != other.value or not self.is_live:
            return False
        if other.expires_at is None or self.expires_at is None:
            # Handshakes do not tell when their cookies end.
            return other.expires_at == self.expires_at
        later = other.expires_at - self.expires_at
        return abs(later) < (other.expires_at - clock.now()) * RENEWED_EVERY


class CookieJar:
    """The cookies of a socket: those of its handshake, as ``Set-Cookie`` lines have changed them.

    ``Secure``, ``HttpOnly`` and ``SameSite`` make no difference: the socket and its page have the
    same origin, so the page's requests would bring every cookie that the app sets.

    :param header: the ``Cookie`` header of the handshake.
    :param host: the host of the handshake; cookies for other hosts are not kept.
    :param path: the path of the handshake, with the app's prefix.
    :ivar path: the path of the handshake.
    :ivar dropped: the names of cookies that were set and not kept, as no browser would keep them.
    """

    __slots__ = ("_came", "_cookies", "_host", "dropped", "path")

    def __init__(self, header: str, host: str, path: str) -> None:
        self._host = _without_port(host)
        self.path = path
        self.dropped: tuple[str, ...] = ()
        pairs = [part.strip().partition("=") for part in header.split(";")]
        # The header does not tell the paths of its cookies: they fit this path, and most have "/".
        self._cookies = [_Cookie(name, value, None) for name, _, value in pairs if name]
        self._came: Sequence[_Cookie] = self._cookies

    def copy(self) -> CookieJar:
        """Return another jar with the same cookies; nothing counts as dropped there."""
        twin = CookieJar.__new__(CookieJar)
        twin._host, twin.path, twin._came = self._host, self.path, self._came
        twin._cookies = list(self._cookies)
        twin.dropped = ()
        return twin

    def header(self, path: str) -> str:
        """Return the ``Cookie`` header for a request to *path*; empty if no cookie fits."""
        cookies = [one for one in self._cookies if one.is_live and _is_below(path, one.path or "/")]
        if len(cookies) > 1:
            # RFC 6265, section 5.4: longer paths first.
            cookies.sort(key=lambda one: -len(one.path or ""))
        return "; ".join([f"{one.name}={one.value}" for one in cookies])

    def value_of(self, name: str) -> str | None:
        """Return the value of a cookie, None if there is none of that name."""
        return next((one.value for one in self._cookies if one.name == name and one.is_live), None)

    def lost_value_of(self, name: str) -> str | None:
        """Return the value of a cookie that the handshake has brought, and that is gone by now."""
        if self.value_of(name) is not None:
            return None
        return next((one.value for one in self._came if one.name == name), None)

    def has(self, name: str) -> bool:
        """Return whether there is a cookie of that name, also one that has ended."""
        return any(one.name == name for one in self._cookies)

    def end_of(self, name: str) -> float | None:
        """Return when a cookie ends, as a moment of :func:`.clock.now`.

        None where that is not known, or the cookie ends with the browser.
        """
        return next((one.expires_at for one in self._cookies if one.name == name), None)

    def forget(self, name: str) -> None:
        """Drop the cookies of a name: whatever is set next under it is a change."""
        self._cookies = [one for one in self._cookies if one.name != name]

    def admits(self, line: str) -> bool:
        """Return whether a ``Set-Cookie`` line is short enough for a browser; note it if not."""
        name, _, value, _ = _parse(line)
        if len(name) + len(value) <= MOST_BYTES:
            return True
        self.dropped += (name,)
        return False

    def set(self, line: str, path: str) -> bool:
        """Keep what a ``Set-Cookie`` line says, if it changes anything and a browser would keep it.

        :param line: the value of the header.
        :param path: the path of the request that the response answers.
        :returns: whether the browser has to be told. It has to be told of every deletion, since it
            may hold cookies of other paths, which the handshake did not show. Of a cookie that
            stays the same but ends later, it has to be told once the difference is a tenth of the
            cookie's life, or if the end of the present cookie is not known.
        """
        name, equals, value, told = _parse(line)
        if not name or not equals or not self._is_ours(told.get("domain", "")):
            return False
        if not self.admits(line):
            return False
        folder = told.get("path", "")
        if not folder.startswith("/"):
            folder = _folder(path)
        cookie = _Cookie(name, value, folder, _expiry(told))
        before = [one for one in self._cookies if self._is_replaced(one, name, folder)]
        if cookie.is_live and any(one.stands_for(cookie) for one in before):
            return False
        others = [one for one in self._cookies if one not in before]
        if cookie.is_live:
            if not before and len(others) >= MOST_COOKIES:
                others = [one for one in others if one.is_live]
            if not before and len(others) >= MOST_COOKIES:
                # A browser would drop an old one, which may be the session.
                self.dropped += (name,)
                return False
            others.append(cookie)
        self._cookies = others
        return True

    def _is_replaced(self, cookie: _Cookie, name: str, folder: str) -> bool:
        if cookie.name != name:
            return False
        return _is_below(self.path, folder) if cookie.path is None else cookie.path == folder

    def _is_ours(self, domain: str) -> bool:
        domain = domain.lstrip(".").lower()
        return not domain or self._host == domain or self._host.endswith(f".{domain}")


def lifetime_of(line: str) -> float | None:
    """Return for how many seconds a ``Set-Cookie`` line lets its cookie live.

    None: until the browser is closed.
    """
    expires_at = _expiry(_parse(line)[3])
    return None if expires_at is None else expires_at - clock.now()


def with_path(line: str, path: str) -> str:
    """Return a ``Set-Cookie`` line that any response may have in place of the one it was set by.

    :param line: the value of the header.
    :param path: the path of the request that the response answers, as :func:`in_address` writes it.
        If *line* names no path, the cookie is for the folder of this path (RFC 6265, section
        5.1.4).
    """
    if _parse(line)[3].get("path", "").startswith("/"):
        return line
    return f"{line}; Path={_folder(path)}"


def last_of_each(lines: Iterable[str]) -> list[str]:
    """Return, of the ``Set-Cookie`` lines about one cookie, the last alone.

    Browsers take them in their order, and not every other client: that of Python carries out a
    deletion first. RFC 6265, section 4.1.1, asks for one line for each cookie.
    """
    found: dict[tuple[str, str, str], str] = {}
    for line in lines:
        name, _, _, told = _parse(line)
        cookie = (name, told.get("path", ""), told.get("domain", "").lstrip(".").lower())
        found.pop(cookie, None)
        found[cookie] = line
    return [*found.values()]


def path_of(environ: WSGIEnvironment) -> str:
    """Return the path of a request as :func:`in_address` writes it."""
    path: str = environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")
    return _quoted(path.encode("latin-1"))


def in_address(path: str) -> str:
    """Return *path*, percent-encoded or not, as it stands in an address, by which a browser chooses
    cookies."""
    # To quote a path takes some microseconds.
    return path if _PLAIN.fullmatch(path) else _quoted(unquote_to_bytes(path))


def in_environ(path: str) -> str:
    """Return *path*, percent-encoded or not, with one character for each byte."""
    return unquote_to_bytes(path).decode("latin-1")


def _quoted(path: bytes) -> str:
    # A visitor chose the path: quoted, it names no other attributes of a cookie.
    return quote(path, safe="/:@!$&'()*+,=~[]|")


def _parse(line: str) -> tuple[str, str, str, dict[str, str]]:
    """Return the name of a cookie, its equals sign, its value, and its attributes."""
    pair, *attributes = line.split(";")
    name, equals, value = (part.strip() for part in pair.partition("="))
    told = {
        key.strip().lower(): text.strip()
        for key, _, text in (attribute.partition("=") for attribute in attributes)
    }
    return name, equals, value, told


def _expiry(attributes: dict[str, str]) -> float | None:
    """Return when a cookie ends, by :func:`.clock.now`; Max-Age is preferred to Expires."""
    seconds = _seconds(attributes.get("max-age", ""))
    if seconds is not None:
        return clock.now() + seconds
    try:
        expires = parsedate_to_datetime(attributes["expires"])
    except (KeyError, ValueError, OverflowError):
        return None
    return (expires if expires.tzinfo else expires.replace(tzinfo=timezone.utc)).timestamp()


def _seconds(max_age: str) -> int | None:
    """Return the seconds of a Max-Age, None if it is no number (RFC 6265, section 5.2.2)."""
    if not re.fullmatch(r"-?[0-9]+", max_age):
        return None
    if max_age.startswith("-"):
        return 0
    # Only 12 digits: a longer number would overflow the float in which times are counted.
    return min(int(max_age.lstrip("0")[:12] or "0"), _LONGEST_LIFE)


def _without_port(host: str) -> str:
    return host.lower() if host.endswith("]") else host.lower().rpartition(":")[0] or host.lower()


def _folder(path: str) -> str:
    """Return the default path of a cookie (RFC 6265, section 5.1.4)."""
    return path.rpartition("/")[0] or "/"


def _is_below(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder if folder.endswith("/") else f"{folder}/")
