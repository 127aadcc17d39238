"""Shows values of settings in errors and logs, without the passwords in them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import FunctionType
from typing import Any

_QUERY_PASSWORD = re.compile(r"(password=)[^&]*", re.IGNORECASE)
_HOST = re.compile(r"(?:\*\*\*@)?(?:\[[\da-f:.]+\](?=[:/?]|\Z)|[^/?:]*)", re.IGNORECASE)
_PORT = re.compile(r":\d{1,5}(?=[/?]|\Z)")
_BRACKETS: dict[type, tuple[str, str]] = {
    list: ("[", "]"),
    tuple: ("(", ")"),
    set: ("{", "}"),
    frozenset: ("{", "}"),
}


def without_passwords(value: Any, is_address: bool = False) -> str:
    """Return *value* as text that an error or a log may show, without passwords.

    :param is_address: whether the value says how Redis is reached. Of such a value only a text and
        a dict are shown, and anything else by the name of its type: any part of it may be a
        password.
    """
    if isinstance(value, str):
        return repr(_mask(value))
    if isinstance(value, Mapping):
        shown = (
            f"{without_passwords(key)}: "
            + (repr(_mask(option)) if key == "url" and isinstance(option, str) else "'***'")
            for key, option in value.items()
        )
        return f"{{{', '.join(shown)}}}"
    if value is None or isinstance(value, bool | int | float | type | FunctionType):
        return repr(value)
    if isinstance(value, bytes) and not is_address:
        return repr(_mask(value.decode("latin-1")).encode("latin-1"))
    if type(value) in _BRACKETS and not is_address:
        begin, end = _BRACKETS[type(value)]
        return begin + ", ".join(map(without_passwords, value)) + end
    # Its own text may hold a password: a client's, a partial's, a URL's of another library.
    return f"<{type(value).__name__}>"


def _mask(text: str) -> str:
    credentials, at, address = text.rpartition("@")
    scheme, slashes, _ = (credentials if at else text).partition("://")
    if at:
        text = (scheme + slashes if slashes else "") + f"***@{address}"
    elif not slashes and text.count(":") > 1:
        # "host:port:password" has neither a scheme nor an '@'.
        host, port, _ = text.split(":", 2)
        text = f"{host}:{port}:***" if port.isdigit() else f"{host}:***"
    return _mask_port(_QUERY_PASSWORD.sub(r"\1***", text))


def _mask_port(text: str) -> str:
    """Return a URL without a port that is no number: a password, where an '@' was forgotten."""
    _, slashes, address = text.partition("://")
    host = _HOST.match(address)
    assert host is not None
    behind = address[host.end() :]
    if not slashes or not behind.startswith(":") or _PORT.match(behind):
        return text
    return f"{text.removesuffix(behind)}:***"
