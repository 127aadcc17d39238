"""What Flask-Login tells of a request: whether it logs a user in, and its remember cookie.

The remember cookie logs its user in again in a browser that has no session any more.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from typing import Any

from flask import Flask, Response, has_request_context, request
from werkzeug.http import parse_cookie

from ..caching import may_be_kept
from ..flask_contexts import present_app, present_request
from ..page.identities import identity_now
from ..page.sessions import present_session, value_in
from ..page.user_loader import identify
from .cookie_jar import CookieJar
from .pending_changes import SessionChanges

_HAS_LOGGED_IN = "flask_realtime.has_logged_in"
_IS_REMEMBERED = "flask_realtime.is_remembered"
# Where the environ of a request holds the remember cookie that is hidden from Flask-Login.
_HIDDEN = "flask_realtime.hidden_cookie"
_SIGNALS = ("user_logged_in", "user_loaded_from_cookie")
# The key in the session that Flask-Login sets to False until the user shows a password again.
_FRESH = "_fresh"
# The keys of the session that Flask-Login sets at a log-in.
_LOG_IN = ("_user_id", _FRESH, "_id")


class LogIns:
    """The log-ins of one app by ``flask_login.login_user``."""

    def __init__(self) -> None:
        self._is_listening = False

    def listen(self, app: Flask) -> None:
        """Note the log-ins of *app* from now on; does nothing until Flask-Login is imported."""
        if self._is_listening or "flask_login" not in sys.modules:
            return
        # None while another thread imports it.
        signals: list[Any] = [getattr(sys.modules["flask_login"], one, None) for one in _SIGNALS]
        if None not in signals:
            # Connecting a function again does nothing.
            for signal, note in zip(signals, (_note, _note_remembered), strict=True):
                signal.connect(note, app)
            self._is_listening = True


def has_logged_in() -> bool:
    """Return whether the current request has logged a user in by ``flask_login.login_user``."""
    return _HAS_LOGGED_IN in present_request().environ


def deletions_of_remembering(lines: Iterable[str]) -> list[str]:
    """Return those of *lines* that take away the cookie by which Flask-Login remembers a user."""
    return [*filter(_deletes, _about_remembering(lines))]


def is_remembered() -> bool:
    """Return whether nothing but Flask-Login's cookie says who the current request's user is."""
    return _IS_REMEMBERED in present_request().environ and not has_logged_in()


def forget_log_in(response: Response) -> None:
    """Take the cookie out of *response* by which Flask-Login would log a user in again.

    An app may renew it with each answer (``REMEMBER_COOKIE_REFRESH_EACH_REQUEST``), or delete it
    with each answer to a stranger (``SESSION_PROTECTION = "strong"``), who may be logged in by now.
    """
    dropped = _remembering(response)
    if dropped and not (identify() and identity_now() is None):
        dropped = [line for line in dropped if not _deletes(line)]
    if dropped:
        lines = response.headers.getlist("Set-Cookie")
        kept = [line for line in lines if line not in dropped]
        response.headers.setlist("Set-Cookie", kept)


def delete_remembering(response: Response) -> None:
    """Have *response* take away the cookie that remembers a user, if the request brings one."""
    if _has_logins() and _brought() is not None:
        config = present_app().config
        path, domain = config.get("REMEMBER_COOKIE_PATH", "/"), config.get("REMEMBER_COOKIE_DOMAIN")
        response.delete_cookie(_cookie_name(), path=path, domain=domain)


def hide_remembering() -> None:
    """Have Flask-Login find no cookie in the current request by which it remembers a user."""
    request.environ[_HIDDEN] = _brought()
    brought, name = parse_cookie(request.environ).items(multi=True), _cookie_name()
    others = request.dict_storage_class([one for one in brought if one[0] != name])
    # Where Werkzeug keeps them: a class of the app's own may have a property that reads them there.
    vars(request)["cookies"] = others


def hides_remembering() -> bool:
    """Return whether the current request brings a remember cookie that was hidden."""
    return _HIDDEN in request.environ


def take_hidden_away(response: Response) -> None:
    """Have *response* take away the remember cookie that was hidden, unless it sets another.

    What a cache may keep takes none away, since it would do so again, and for others.
    """
    is_told = hides_remembering() and not _remembering(response)
    if is_told and not may_be_kept(response):
        delete_remembering(response)
        response.vary.add("Cookie")


def ends_remembering(response: Response) -> bool:
    """Return whether *response* takes away the cookie by which Flask-Login remembers its user."""
    return bool(deletions_of_remembering(response.headers.getlist("Set-Cookie")))


def begins_remembering(response: Response) -> bool:
    """Return whether *response* gives the browser a cookie that remembers a user."""
    return any(not _deletes(line) for line in _remembering(response))


def remembers_anew(response: Response) -> bool | None:
    """Return True if *response* gives the browser a cookie by which Flask-Login remembers a user,
    where it had none; False if it takes away the one that it has; else None."""
    lines = _remembering(response)
    # Most answers set none, and ask for no cookie either.
    has_one = bool(lines) and bool(_brought())
    return not has_one if any(_deletes(line) == has_one for line in lines) else None


def forget_remembered(lines: Iterable[str]) -> bool:
    """Log the session's user out if *lines* take away the remember cookie of Flask-Login, and
    nothing but that cookie has logged the user in.

    For a log-out over a socket, where the server keeps the session: until the browser has fetched
    *lines*, each of its requests brings the cookie, and the session is the user's again.

    :param lines: the cookies that messages have set behind which the session was nobody's.
    :returns: whether the user was logged out.
    """
    if not (_is_of_cookie() and deletions_of_remembering(lines)):
        return False
    for key in _LOG_IN:
        present_session().pop(key, None)
    return True


def forgotten_cookie(response: Response, jar: CookieJar) -> str:
    """Return the cookie by which Flask-Login remembered the user, and which the browser still has.

    :param response: the answer to a message, which may take the cookie away.
    :param jar: the socket's cookies before the message; one before it may have taken it away.
    """
    if ends_remembering(response):
        return _brought() or ""
    return jar.lost_value_of(_cookie_name()) or "" if _has_logins() else ""


def remembering_cookie() -> str:
    """Return the cookie by which Flask-Login remembers the user; ``""`` where the request brings
    none that Flask-Login has made."""
    cookie = _brought() or "" if _has_logins() else ""
    return cookie if _user_in(cookie) is not None else ""


def has_shown_password() -> bool:
    """Return whether something else than the remember cookie has logged the session's user in."""
    return bool(value_in(present_session(), "_user_id")) and not _is_of_cookie()


def cookie_of_log_in() -> str:
    """Return the remember cookie of Flask-Login, if nothing else has logged the session's user in.

    The cookie may also be about to do that, when the app first asks for the user. Else the result
    is ``""``.
    """
    return "" if has_shown_password() else _brought() or ""


def cookies_still_meant(item: SessionChanges) -> Sequence[str]:
    """Return the cookies that a message has set, except for those that would undo what came since.

    Such a cookie may have Flask-Login remember a user who has logged out, or who was replaced by
    another one, or may bring back an id that the session has given up for another. (In an app that
    tells its users, nothing waits any more by then.) Call it once the changes of *item* are made,
    in a request of its browser.
    """
    app = present_app()
    name = app.session_interface.get_cookie_name(app)
    of_session = [line for line in item.cookies if line.startswith(f"{name}=")]
    if item.gives_another_id:
        # A log-out that has emptied a remembered user's session leaves alone what is nobody's, and
        # has been begun since.
        is_nobodys = bool(present_session()) and not value_in(present_session(), "_user_id")
        is_log_out = bool(deletions_of_remembering(item.cookies))
        ends = [*filter(_deletes, of_session)] if is_nobodys and is_log_out else []
        return [line for line in item.cookies if line not in ends]
    user = _user_of_browser()
    remembering = [line for line in _about_remembering(item.cookies) if not _deletes(line)]
    late = [line for line in remembering if user is None or _user_of(line) not in (None, user)]
    if present := request.cookies.get(name):
        late += [line for line in of_session if not line.startswith(f"{name}={present};")]
    return [line for line in item.cookies if line not in late]


def _user_of_browser() -> str | None:
    """Return the id of the user of the session, or else of the one whom a cookie remembers.

    Empty if there is such a cookie, and Flask-Login has not made it.
    """
    user = value_in(present_session(), "_user_id")
    if user or _cookie_name() not in request.cookies:
        return str(user) if user else None
    return _user_in(remembering_cookie()) or ""


def _user_of(line: str) -> str | None:
    """Return the id of the user whom a ``Set-Cookie`` line has Flask-Login remember."""
    return _user_in(parse_cookie(line.partition(";")[0]).get(_cookie_name(), ""))


def _user_in(cookie: str) -> str | None:
    """Return the id of the user whom a cookie has Flask-Login remember, None if it is none."""
    flask_login = sys.modules.get("flask_login")
    try:
        found: str | None = None if flask_login is None else flask_login.decode_cookie(cookie)
    except Exception:
        # Flask-Login fails on what is not ASCII.
        found = None
    return found


def _is_of_cookie() -> bool:
    session = present_session()
    return bool(value_in(session, "_user_id")) and value_in(session, _FRESH) is False


def _remembering(response: Response) -> list[str]:
    """Return the lines of *response* that set or delete the cookie that remembers a user."""
    return _about_remembering(response.headers.getlist("Set-Cookie"))


def _about_remembering(lines: Iterable[str]) -> list[str]:
    if not _has_logins():
        return []
    return [line for line in lines if line.startswith(f"{_cookie_name()}=")]


def _has_logins() -> bool:
    return hasattr(present_app(), "login_manager")


def _cookie_name() -> str:
    name: str = present_app().config.get("REMEMBER_COOKIE_NAME", "remember_token")
    return name


def _brought() -> str | None:
    """Return the remember cookie that the request brings, be it hidden from Flask-Login or not."""
    found: str | None = request.environ.get(_HIDDEN, request.cookies.get(_cookie_name()))
    return found


def _deletes(line: str) -> bool:
    return line.partition("=")[2].startswith(";")


def _note(_app: Flask, **_user: Any) -> None:
    if has_request_context():
        request.environ[_HAS_LOGGED_IN] = True


def _note_remembered(_app: Flask, **_user: Any) -> None:
    if has_request_context():
        request.environ[_IS_REMEMBERED] = True
