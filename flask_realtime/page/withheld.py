"""Tells whether the browser may have withheld the session cookie from the current request.

When another site makes a browser send a request, such as a form that a payment provider has it post
back, the browser does not add every cookie: because of ``SameSite`` a session cookie comes with a
plain link at most. Such a request looks as if the visitor had no session. If a session were begun
for it, the new session's cookie would replace the visitor's own, and so log the visitor out.

The same holds for a request with an id that the session, in a store of the app's, has given up for
another id since the browser sent the request. (A session that has expired, or was deleted from its
store, is begun anew like that of any visitor who comes for the first time.)
"""

from __future__ import annotations

from flask import Request

from ..flask_contexts import present_app, present_request
from ..identity.origins import is_cross_site
from .client import known_socket_key
from .session_ids import had_given_up_id

_MAY_BE_WITHHELD = "flask_realtime.may_be_withheld"
# The Sec-Fetch-Dest of what a tab loads by a link; frames and scripts have other values.
_TAB = "document"


def is_session_withheld() -> bool:
    """Return whether the visitor may have a session though the request shows none.

    No session may be begun then. The answer is True for a request that another site caused and that
    brings no session cookie, and for one whose cookie has an id that the session has given up.
    """
    return (_is_of_another_site() or had_given_up_id()) and known_socket_key() is None


def is_sent_without_cookies() -> bool:
    """Return whether another site caused the request, so that it brings no session cookie.

    The answer is False if the request follows a link (a GET or HEAD that loads a tab) and the
    session cookie is not ``SameSite=Strict``, and if the session cookie is ``SameSite=None``:
    browsers send the cookie then.
    """
    # A session need not come by a cookie: the session of a socket's message does not.
    return _is_of_another_site() and known_socket_key() is None


def _is_of_another_site() -> bool:
    request = present_request()
    may_be: bool | None = request.environ.get(_MAY_BE_WITHHELD)
    if may_be is None:
        may_be = request.environ[_MAY_BE_WITHHELD] = _may_be_withheld(request)
    return may_be


def _may_be_withheld(request: Request) -> bool:
    """Return whether the browser may have a session cookie that it does not send."""
    app = present_app()
    if app.session_interface.get_cookie_name(app) in request.cookies:
        return False
    policy = (app.session_interface.get_cookie_samesite(app) or "").lower()
    if policy == "none" or (policy != "strict" and _is_followed_link(request)):
        return False
    get = request.headers.get
    return is_cross_site(
        get("Sec-Fetch-Site"), get("Origin"), get("Referer"), request.scheme, request.host
    )


def _is_followed_link(request: Request) -> bool:
    is_safe = request.method in ("GET", "HEAD")
    return is_safe and request.headers.get("Sec-Fetch-Dest", _TAB) == _TAB
