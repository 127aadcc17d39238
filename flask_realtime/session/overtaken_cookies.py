"""Cookies of messages that wait for the browser, and that something later has overtaken."""

from __future__ import annotations

from collections.abc import Sequence

from flask import request

from ..flask_contexts import present_app
from ..page.sessions import present_session, value_in
from .forgotten_cookies import is_cookie_forgotten
from .pending_changes import SessionChanges
from .remember_cookie import (
    about_remembering,
    cookie_name,
    deletions_of_remembering,
    is_deletion,
    remembering_cookie,
    user_in,
    user_of,
)


def cookies_still_meant(item: SessionChanges) -> Sequence[str]:
    """Return the cookies that a message has set, except for those that would undo what came since.

    Such a cookie may have Flask-Login remember a user who has logged out, or who was replaced by
    another one; may take away the cookie by which the next log-in is remembered; or may bring back
    an id that the session has given up for another. (In an app that tells its users, nothing waits
    any more by then.) Call it once the changes of *item* are made, in a request of its browser.
    """
    app = present_app()
    name = app.session_interface.get_cookie_name(app)
    of_session = [line for line in item.cookies if line.startswith(f"{name}=")]
    if item.gives_another_id:
        # A log-out that has emptied a remembered user's session leaves alone what is nobody's, and
        # has been begun since.
        is_nobodys = bool(present_session()) and not value_in(present_session(), "_user_id")
        is_log_out = bool(deletions_of_remembering(item.cookies))
        ends = [*filter(is_deletion, of_session)] if is_nobodys and is_log_out else []
        return [line for line in item.cookies if line not in ends]
    user = _user_of_browser()
    remembering = about_remembering(item.cookies)
    is_over = item.is_noted and not is_cookie_forgotten()
    late = [line for line in remembering if _is_late(line, user, is_over)]
    if present := request.cookies.get(name):
        late += [line for line in of_session if not line.startswith(f"{name}={present};")]
    return [line for line in item.cookies if line not in late]


def _is_late(line: str, user: str | None, is_over: bool) -> bool:
    """Return whether a line about the remember cookie would undo what came since.

    :param user: the user of the browser.
    :param is_over: whether somebody has logged in since the message's log-out, so that the browser
        may have another cookie.
    """
    if is_deletion(line):
        return is_over
    return user is None or user_of(line) not in (None, user)


def _user_of_browser() -> str | None:
    """Return the id of the user of the session, or else of the one whom a cookie remembers.

    Empty if there is such a cookie, and Flask-Login has not made it.
    """
    user = value_in(present_session(), "_user_id")
    if user or cookie_name() not in request.cookies:
        return str(user) if user else None
    return user_in(remembering_cookie()) or ""
