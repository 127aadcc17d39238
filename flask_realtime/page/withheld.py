"""Whether the browser may have kept back the session cookie of the current request.

A browser does not send every cookie along with a request that another site made it send, such as a
form that a payment provider has it post back: by ``SameSite``, a session cookie comes with a plain
link at most. Such a request looks like one of a visitor without a session. A session that began
here would replace the visitor's own, and so log the visitor out.
"""

from __future__ import annotations

from flask import Flask, current_app, request

from ..identity.origins import is_cross_site
from .client import known_socket_key

# As Sec-Fetch-Dest calls what a tab loads by a link: a frame and what scripts load are others.
_TAB = "document"


def is_session_withheld() -> bool:
    """Return whether the visitor may have a session, though the current request shows none.

    No session may be begun then. True for a request that another site caused and that brings no
    session cookie, unless it is a link followed (a GET or HEAD that loads a tab) and the session
    cookie is not ``SameSite=Strict``. An app whose session cookie is ``SameSite=None`` always gets
    it.
    """
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    if app.session_interface.get_cookie_name(app) in request.cookies:
        return False
    policy = (app.session_interface.get_cookie_samesite(app) or "").lower()
    if policy == "none" or (policy != "strict" and _is_followed_link()):
        return False
    get = request.headers.get
    return (
        is_cross_site(
            get("Sec-Fetch-Site"), get("Origin"), get("Referer"), request.scheme, request.host
        )
        # A session need not come by a cookie: that of a socket's message does not.
        and known_socket_key() is None
    )


def _is_followed_link() -> bool:
    is_safe = request.method in ("GET", "HEAD")
    return is_safe and request.headers.get("Sec-Fetch-Dest", _TAB) == _TAB
