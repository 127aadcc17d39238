"""The kinds of values that settings may have: each checks and converts a value."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from ..identity.origins import Origin
from ..signatures import check_arguments
from .redaction import without_passwords
from .texts import hint_for_list

# The longest wait, in seconds: a selector waits for 2**31 ms, which is 24 days, at the most.
DAY = 86_400
# The longest life of a thing in Redis, in seconds: more than a year is probably a typo.
YEAR = 366 * DAY

# Redis's scripts hold numbers as doubles, which are exact up to here.
_LARGEST = 2**53

# What may stand behind the host of a Redis URL.
_DATABASE = re.compile(r"(/[0-9]*)?")


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of value.

    :param type: the kind's name in the documentation's table.
    :param expected: what a good value is; an error says "but *expected* is expected".
    :param read: takes a value of the app's config and returns the value to keep; raises ValueError
        with a hint, which may be empty.
    :param is_address: whether a value says how Redis is reached: any part of it may be a password.
    """

    type: str
    expected: str
    read: Callable[[Any], Any]
    is_address: bool = False

    def show(self, value: Any) -> str:
        """Return *value* as text that an error or a log may show, without passwords."""
        return without_passwords(value, self.is_address)


def boolean() -> Kind:
    """Return the kind: True or False, and no other value that is true or false."""

    def read(value: Any) -> bool:
        if isinstance(value, bool):
            return value
        raise ValueError("")

    return Kind("bool", "True or False", read)


def stamp_pages() -> Kind:
    """Return the kind: True, False, or "used"."""

    def read(value: Any) -> bool | str:
        if isinstance(value, bool) or value == "used":
            return value  # type: ignore[no-any-return]
        raise ValueError("")

    return Kind("bool or str", "True, 'used' or False", read)


def integer(least: int, or_none: bool = False) -> Kind:
    """Return the kind: a whole number of at least *least*."""

    def read(value: Any) -> int | None:
        if value is None and or_none:
            return None
        if type(value) is int and least <= value <= _LARGEST:
            return value
        raise ValueError("")

    none = " or None" if or_none else ""
    return Kind(f"int{none}", f"a whole number of at least {least:,}{none}", read)


def number(least: float, most: float, or_none: bool = False) -> Kind:
    """Return the kind: a finite number, whole or not, from *least* to *most*."""

    def read(value: Any) -> float | None:
        if value is None and or_none:
            return None
        if (
            isinstance(value, int | float)
            and not isinstance(value, bool)
            and least <= value <= most
        ):
            return value
        raise ValueError("")

    none = " or None" if or_none else ""
    return Kind(f"float{none}", f"a number from {least:,} to {most:,}{none}", read)


def path() -> Kind:
    """Return the kind: a URL path without variables."""

    def read(value: Any) -> str:
        if not isinstance(value, str):
            raise ValueError("")
        if not value.startswith("/"):
            raise ValueError(f"Write {without_passwords('/' + value)}.")
        if not re.fullmatch(r"(/[A-Za-z0-9._~-]*)+", value) or "//" in value:
            raise ValueError(
                "It may contain letters, digits and any of '._~-/', but no variable such as "
                "'<name>'."
            )
        return value

    return Kind("str", "a path that begins with '/'", read)


def prefix() -> Kind:
    """Return the kind: the beginning of URL paths, without a slash at its end."""
    whole = path()

    def read(value: Any) -> str:
        prefix: str = whole.read("/" if value == "" else value)
        if prefix.endswith("/"):
            raise ValueError(f"Write {prefix.rstrip('/') or '/_realtime'!r}, without a last slash.")
        return prefix

    return Kind("str", "a path that begins with '/' and ends without one", read)


def registry() -> Kind:
    """Return the kind: a name, a class or an instance of a registry, which has a ``publish``."""

    def read(value: Any) -> Any:
        if value is None or value in ("memory", "redis"):
            return value
        if isinstance(value, str) and "://" in value:
            raise ValueError("A Redis server's URL belongs in REALTIME_REDIS.")
        if callable(getattr(value, "publish", None)):
            return value
        raise ValueError("")

    expected = "'memory', 'redis', a subclass of Registry, an instance of one, or None"
    return Kind("str, class, instance or None", expected, read)


def redis() -> Kind:
    """Return the kind: a URL, a dict with a ``url``, or a function that returns a client."""

    def read(value: Any) -> Any:
        if isinstance(value, str):
            return _read_redis_url(value)
        if isinstance(value, Mapping):
            return _read_redis_options(value)
        if callable(value):
            return _read_redis_function(value)
        if value is None:
            return value
        if isinstance(value, list | tuple):
            raise ValueError(
                "For Sentinel, which has several addresses, give a function: lambda: "
                "sentinel.master_for('mymaster')."
            )
        raise ValueError("Put a client that exists already into a function: lambda: client.")

    expected = "a URL such as 'redis://localhost:6379/0', a dict with one under 'url', "
    return Kind("str, dict, function or None", expected + "a function, or None", read, True)


def redis_prefix() -> Kind:
    """Return the kind: the beginning of every key in Redis."""

    def read(value: Any) -> str:
        if not isinstance(value, str):
            raise ValueError("")
        # No braces: they would be the hash tag, and put all keys into one slot of a cluster.
        if not re.fullmatch(r"[\x21-\x7a\x7c\x7e]{1,100}", value):
            raise ValueError("It must not contain spaces or braces.")
        return value

    return Kind("str", "a text of 1 to 100 ASCII characters", read)


def origins() -> Kind:
    """Return the kind: origins of pages, which are kept as browsers write them."""
    return list_of("a list of origins such as 'https://example.com'", _read_origin)


def list_of(expected: str, read: Callable[[Any], str]) -> Kind:
    """Return the kind: a list of texts.

    :param expected: what a good list is.
    :param read: takes one item and returns what to keep; raises ValueError with a hint.
    """
    return Kind("list of str", expected, partial(read_list, read=read))


def read_list(value: Any, read: Callable[[Any], str]) -> tuple[str, ...]:
    """Return what *read* makes of each item of *value*.

    :raises ValueError: if *value* is no list of texts; what *read* raises goes through.
    """
    if isinstance(value, str):
        raise ValueError(hint_for_list(value))
    if not isinstance(value, Collection) or isinstance(value, bytes | bytearray | Mapping):
        raise ValueError("")
    return tuple(map(read, value))


def _read_redis_function(value: Callable[..., Any]) -> Callable[..., Any]:
    try:
        check_arguments(value, (), "The library")
    except TypeError as error:
        raise ValueError(str(error)) from None
    return value


def _read_redis_url(value: str) -> str:
    try:
        parts = urlsplit(value)
        has_usable_port = parts.port != 0
    except ValueError:
        has_usable_port = False
    if not has_usable_port:
        raise ValueError("Its host or port can't be read.")
    if parts.scheme not in ("redis", "rediss", "unix"):
        raise ValueError("The URL begins with redis://, rediss:// (TLS) or unix:// (a socket).")
    if parts.scheme == "unix" and not parts.path:
        raise ValueError("It names no socket; write its path, as in unix:///run/redis/redis.sock.")
    if parts.scheme != "unix" and (parts.fragment or not _DATABASE.fullmatch(parts.path)):
        # redis-py would take database 0, or that of all digits together, without a word.
        raise ValueError("Behind its host stands the number of a database, as in /0, or nothing.")
    return value


def _read_redis_options(value: Mapping[Any, Any]) -> dict[str, Any]:
    if not isinstance(value.get("url"), str):
        raise ValueError(
            "The dict lacks the key 'url'; options of redis-py are further keys of the dict."
        )
    if not all(isinstance(key, str) for key in value):
        raise ValueError("Its keys, which name redis-py's options, must be strings.")
    _read_redis_url(value["url"])
    return dict(value)


def _read_origin(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{without_passwords(value)} in it is not a string.")
    if value == "*":
        raise ValueError(
            "'*' would let any site call routes with the visitor's session; name each origin."
        )
    if not value.isascii():
        raise ValueError(
            f"Write the host of {without_passwords(value)} as browsers send it: xn--…."
        )
    if value.lower().startswith(("ws://", "wss://")):
        raise ValueError(
            f"{without_passwords(value)} is a socket's address; name the page's: http or https."
        )
    try:
        return str(Origin.parse(value.removesuffix("/")))
    except ValueError:
        raise ValueError(
            f"{without_passwords(value)} in it is not an origin: write scheme, host and, if need "
            f"be, port; no path."
        ) from None
