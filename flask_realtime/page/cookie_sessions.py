"""Sessions that Flask keeps in their cookie: how long they live, and since when."""

from __future__ import annotations

from math import inf

from flask import Flask, Request
from flask.sessions import SecureCookieSessionInterface
from itsdangerous import BadData
from itsdangerous.encoding import base64_decode

from ..threads import clock

# Flask takes a cookie within the second in which its time is over.
_LAST_SECOND = 1
# The seconds from 2004 to 2106: any other number in a cookie is no moment of now.
_MOMENTS = range(1 << 30, 1 << 32)


def has_cookie_session(app: Flask) -> bool:
    """Return whether the cookie holds the session itself, and not just a key to a store."""
    return isinstance(app.session_interface, SecureCookieSessionInterface)


def seconds_of_cookie(app: Flask) -> float | None:
    """Return for how long the app takes a cookie that holds a session; None: no time is known."""
    lifetime = has_cookie_session(app) and app.permanent_session_lifetime
    return lifetime.total_seconds() if lifetime else None


def seconds_left(app: Flask, request: Request) -> float:
    """Return for how many seconds Flask still takes the session's cookie that came with a request.

    Infinite where that is not known, or the app takes cookies for longer than it says. The cookie
    was opened before this, so that its signature is known to be right.
    """
    lifetime = seconds_of_cookie(app)
    if lifetime is None:
        return inf
    at = signed_at(request.cookies.get(app.session_interface.get_cookie_name(app), ""))
    left = inf if at is None else at + lifetime + _LAST_SECOND - clock.now()
    return left if left > 0 else inf


def signed_at(cookie: str) -> float | None:
    """Return when Flask signed a session's cookie; None where that is not to be read in it.

    An app may write the cookie in a way of its own: encrypted, or signed without a moment.
    """
    _, _, signed = cookie.rpartition(".")[0].rpartition(".")
    try:
        at = int.from_bytes(base64_decode(signed), "big")
    except BadData:
        return None
    return float(at) if at in _MOMENTS else None
