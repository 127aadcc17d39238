"""What one message of a socket does to its cookies and its session."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import Flask, Response, request

from ..flask_contexts import present_request
from ..page.client import SOCKET_IN_ENVIRON, came
from ..page.cookie_sessions import has_cookie_session, signed_at
from ..page.former_session import session_as_it_came
from ..page.identities import identity_now
from ..page.sessions import present_session, value_in
from ..threads import clock
from .cookie_jar import RENEWED_EVERY, CookieJar, lifetime_of, path_of, with_path
from .forgotten_cookies import is_noted
from .late_answers import IS_CLEARED, IS_ENDED
from .logins import HAS_LOGGED_OUT
from .lone_deletions import LoneDeletion, deletion_in
from .pending_changes import SessionChanges, difference
from .remember_cookie import deletion_behind_log_out, forgotten_cookie


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one message did to cookies and session.

    :param jar: the cookies after the message.
    :param item: the changes that the browser has to be told.
    :param replaced: former cookies of session or log-in, one of which the browser may still send.
    :param deletion: what the browser is told of it in any case; None: nothing.
    """

    jar: CookieJar
    item: SessionChanges
    replaced: Sequence[str] = ()
    deletion: LoneDeletion | None = None


def outcome_of(app: Flask, before: CookieJar, response: Response) -> Outcome | None:
    """Return what a message changed, None if nothing. Call it in the message's request context.

    :param app: the app.
    :param before: the socket's cookies before the message.
    :param response: the app's response to the message, with all of its cookies.
    """
    lines = response.headers.getlist("Set-Cookie")
    environ = present_request().environ
    if HAS_LOGGED_OUT in environ:
        lines += deletion_behind_log_out(lines)
    is_ended = IS_ENDED in environ
    if not (lines or is_ended):
        return None
    jar = before.copy()
    # A browser keeps its former cookie where the new one is too large: so does the socket.
    lines = [line for line in lines if jar.admits(line)]
    identities = (came().identity, identity_now())
    path = path_of(request.environ)
    name = app.session_interface.get_cookie_name(app)
    if not has_cookie_session(app):
        if _has_changed_permanence():
            # The handshake does not tell when its cookies end, and this one's key stays.
            jar.forget(name)
        changing = tuple(with_path(line, path) for line in lines if jar.set(line, path))
        value = before.value_of(name)
        has_another_id = value is not None and jar.value_of(name) != value
        owners = (*identities, None) if has_another_id else identities
        item = SessionChanges({}, changing, owners, is_noted=is_noted())
        replaced = [value] if is_ended or has_another_id else []
        # By that cookie the browser may have begun another session when it fetches this.
        replaced += [forgotten_cookie(response, before)] if has_another_id else []
        return Outcome(jar, item, [*filter(None, replaced)], deletion_in(item))
    others = [line for line in lines if name_of(line) != name]
    cookies = tuple(with_path(line, path) for line in others if jar.set(line, path))
    changes, renews = _changes(app, before, lines, name)
    if changes or renews or is_ended:
        # A session cookie that is the same but for its timestamp stays as the browser has it.
        for line in lines:
            if name_of(line) == name:
                jar.set(line, path)
    heir = request.environ[SOCKET_IN_ENVIRON].heir if is_ended else ""
    # Without a cookie of the session, saving it has failed, and the browser keeps what it has.
    clears = IS_CLEARED in environ and name in map(name_of, lines)
    item = SessionChanges(changes, cookies, identities, heir, renews, clears)
    return Outcome(jar, item, (), deletion_in(item))


def name_of(line: str) -> str:
    """Return the name of the cookie that a ``Set-Cookie`` line sets."""
    return line.partition("=")[0].strip()


def _changes(
    app: Flask, jar: CookieJar, lines: Sequence[str], name: str
) -> tuple[dict[str, Any], bool]:
    """Return the changes of a session in a cookie, and whether the cookie is to be set anew."""
    line = next((one for one in reversed(lines) if name_of(one) == name), None)
    if line is None:
        return {}, False
    opened = app.session_interface.open_session(app, present_request())
    before, is_whole = dict(opened or {}), IS_CLEARED in request.environ
    changes = difference(before, dict(present_session()), is_whole)
    lifetime = lifetime_of(line)
    if changes or lifetime is None or lifetime <= 0:
        return changes, False
    return changes, _age(jar, name, lifetime) >= lifetime * RENEWED_EVERY


def _age(jar: CookieJar, name: str, lifetime: float) -> float:
    """Return how long ago the session's cookie was set, in seconds.

    :param lifetime: how long a cookie lives that is set now.
    """
    at = signed_at(request.cookies.get(name, ""))
    if at is not None:
        return clock.now() - at
    ends_at = jar.end_of(name)
    return float("inf") if ends_at is None else clock.now() + lifetime - ends_at


def _has_changed_permanence() -> bool:
    """Return whether this request has its session outlive the browser's end, and did not before, or
    the other way round."""
    before = bool(value_in(session_as_it_came(is_deep=False), "_permanent"))
    return bool(value_in(present_session(), "_permanent")) != before
