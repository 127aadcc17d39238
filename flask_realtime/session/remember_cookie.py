"""The remember cookie, by which Flask-Login logs a user in again who has no session any more.

Flask-Login gives a user the same cookie in all browsers, and at each log-in.

A socket has the cookie that its handshake brought. The browser may have got another one since, by
a log-in in another tab, and may keep one for a path that is not the handshake's. Flask-Login takes
away only what a request brings. So whoever logs out by a message is forgotten whatever it brings.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence

from flask import Response, request
from werkzeug.http import parse_cookie

from ..caching import may_be_kept
from ..flask_contexts import present_app, present_request
from ..page.former_session import session_as_it_came
from ..page.identities import identity_now
from ..page.sessions import value_in
from ..page.user_loader import identify
from .cookie_jar import CookieJar
from .logins import HAS_LOGGED_OUT, has_shown_password, is_of_cookie, log_user_out

# Where the environ of a request holds the remember cookie that is hidden from Flask-Login.
_HIDDEN = "flask_realtime.hidden_cookie"
# Set in the environ of a request once that cookie is to be taken away with the answer.
_IS_TO_GO = "flask_realtime.is_hidden_cookie_to_go"


def remembering_cookie() -> str:
    """Return the cookie by which Flask-Login remembers the user; ``""`` where the request brings
    none that Flask-Login has made."""
    cookie = _brought() or "" if _has_logins() else ""
    return cookie if user_in(cookie) is not None else ""


def cookie_of_log_in() -> str:
    """Return the remember cookie of Flask-Login, if nothing else has logged the session's user in.

    The cookie may also be about to do that, when the app first asks for the user. Else the result
    is ``""``.
    """
    return "" if has_shown_password() else _brought() or ""


def forgotten_cookie(response: Response, jar: CookieJar) -> str:
    """Return the cookie by which Flask-Login remembered the user, and which the browser still has.

    :param response: the answer to a message, which may take the cookie away.
    :param jar: the socket's cookies before the message; one before it may have taken it away.
    """
    if ends_remembering(response):
        return _brought() or ""
    return jar.lost_value_of(cookie_name()) or "" if _has_logins() else ""


def user_in(cookie: str) -> str | None:
    """Return the id of the user whom a cookie has Flask-Login remember, None if it is none."""
    flask_login = sys.modules.get("flask_login")
    try:
        found: str | None = None if flask_login is None else flask_login.decode_cookie(cookie)
    except Exception:
        # Flask-Login fails on what is not ASCII.
        found = None
    return found


def user_of(line: str) -> str | None:
    """Return the id of the user whom a ``Set-Cookie`` line has Flask-Login remember."""
    return user_in(parse_cookie(line.partition(";")[0]).get(cookie_name(), ""))


def users_remembered(lines: Iterable[str]) -> list[str]:
    """Return the ids of the users whom ``Set-Cookie`` *lines* have Flask-Login remember."""
    return [*filter(None, map(user_of, about_remembering(lines)))]


def users_to_forget(lines: Sequence[str]) -> list[str]:
    """Return the ids of those of whom the browser may have a cookie that is to log in nobody more:
    whom the current message logs out, and whom the cookie remembers that its answer replaces.

    :param lines: the ``Set-Cookie`` lines by which the message is answered.
    """
    about, users = about_remembering(lines), list[str | None]()
    if HAS_LOGGED_OUT in present_request().environ or any(map(is_deletion, about)):
        users.append(_user_that_came())
    if about:
        users.append(user_in(remembering_cookie()))
    return [one for one in dict.fromkeys(users) if one is not None]


def cookie_of_log_out() -> str:
    """Return the remember cookie that a browser may have which the current message logs out: the
    one that the message brings, or the one by which its user would be remembered."""
    user, flask_login = _user_that_came(), sys.modules.get("flask_login")
    brought = remembering_cookie()
    if brought or user is None or flask_login is None:
        return brought
    try:
        return str(flask_login.encode_cookie(user))
    except UnicodeEncodeError:
        # Flask-Login signs nothing with a secret key of such letters, and so remembers nobody.
        return ""


def deletion_behind_log_out(lines: Sequence[str]) -> list[str]:
    """Return the line that takes the cookie away where Flask-Login has left it alone, though the
    current message logs a user out, since the message brings none.

    :param lines: the ``Set-Cookie`` lines by which the message is answered.
    """
    if about_remembering(lines) or _user_that_came() is None:
        return []
    response = Response()
    _delete(response)
    return response.headers.getlist("Set-Cookie")


def ends_remembering(response: Response) -> bool:
    """Return whether *response* takes away the cookie by which Flask-Login remembers its user."""
    return bool(deletions_of_remembering(response.headers.getlist("Set-Cookie")))


def begins_remembering(response: Response) -> bool:
    """Return whether *response* gives the browser a cookie that remembers a user."""
    return any(not is_deletion(line) for line in _remembering(response))


def remembers_anew(response: Response) -> bool | None:
    """Return True if *response* gives the browser a cookie by which Flask-Login remembers a user,
    where it had none; False if it takes away the one that it has; else None."""
    lines = _remembering(response)
    # Most answers set none, and ask for no cookie either.
    has_one = bool(lines) and bool(_brought())
    return not has_one if any(is_deletion(line) == has_one for line in lines) else None


def deletions_of_remembering(lines: Iterable[str]) -> list[str]:
    """Return those of *lines* that take away the cookie by which Flask-Login remembers a user."""
    return [*filter(is_deletion, about_remembering(lines))]


def about_remembering(lines: Iterable[str]) -> list[str]:
    """Return those of the ``Set-Cookie`` *lines* that set or delete the remember cookie."""
    if not _has_logins():
        return []
    return [line for line in lines if line.startswith(f"{cookie_name()}=")]


def is_deletion(line: str) -> bool:
    """Return whether a ``Set-Cookie`` line takes its cookie away."""
    return line.partition("=")[2].startswith(";")


def forget_log_in(response: Response) -> None:
    """Take the cookie out of *response* by which Flask-Login would log a user in again.

    An app may renew it with each answer (``REMEMBER_COOKIE_REFRESH_EACH_REQUEST``), or delete it
    with each answer to a stranger (``SESSION_PROTECTION = "strong"``), who may be logged in by now.
    """
    dropped = _remembering(response)
    if dropped and not (identify() and identity_now() is None):
        dropped = [line for line in dropped if not is_deletion(line)]
    if dropped:
        lines = response.headers.getlist("Set-Cookie")
        kept = [line for line in lines if line not in dropped]
        response.headers.setlist("Set-Cookie", kept)


def delete_remembering(response: Response) -> None:
    """Have *response* take away the cookie that remembers a user, if the request brings one."""
    if _has_logins() and _brought() is not None:
        _delete(response)


def forget_remembered(lines: Iterable[str]) -> bool:
    """Log the session's user out if *lines* take away the remember cookie of Flask-Login, and
    nothing but that cookie has logged the user in.

    For a log-out over a socket, where the server keeps the session: until the browser has fetched
    *lines*, each of its requests brings the cookie, and the session is the user's again.

    :param lines: the cookies that messages have set behind which the session was nobody's.
    :returns: whether the user was logged out.
    """
    if not (is_of_cookie() and deletions_of_remembering(lines)):
        return False
    log_user_out()
    return True


def hide_remembering() -> None:
    """Have Flask-Login find no cookie in the current request by which it remembers a user."""
    request.environ[_HIDDEN] = _brought()
    brought, name = parse_cookie(request.environ).items(multi=True), cookie_name()
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
    request.environ[_IS_TO_GO] = True
    is_told = hides_remembering() and not _remembering(response)
    if is_told and not may_be_kept(response):
        delete_remembering(response)
        response.vary.add("Cookie")


def takes_hidden_away(response: Response) -> bool:
    """Return whether *response* takes the remember cookie away that was hidden, and not only since
    Flask-Login does so with each answer to a stranger."""
    is_to_go = hides_remembering() and _IS_TO_GO in request.environ
    return is_to_go and ends_remembering(response)


def cookie_name() -> str:
    """Return the name that the app gives the remember cookie."""
    name: str = present_app().config.get("REMEMBER_COOKIE_NAME", "remember_token")
    return name


def _delete(response: Response) -> None:
    config = present_app().config
    path, domain = config.get("REMEMBER_COOKIE_PATH", "/"), config.get("REMEMBER_COOKIE_DOMAIN")
    response.delete_cookie(cookie_name(), path=path, domain=domain)


def _user_that_came() -> str | None:
    """Return the id of Flask-Login's user in the session with which the current request came."""
    user = value_in(session_as_it_came(is_deep=False), "_user_id")
    return None if user is None else str(user)


def _remembering(response: Response) -> list[str]:
    """Return the lines of *response* that set or delete the cookie that remembers a user."""
    return about_remembering(response.headers.getlist("Set-Cookie"))


def _has_logins() -> bool:
    return hasattr(present_app(), "login_manager")


def _brought() -> str | None:
    """Return the remember cookie that the request brings, be it hidden from Flask-Login or not."""
    found: str | None = request.environ.get(_HIDDEN, request.cookies.get(cookie_name()))
    return found
