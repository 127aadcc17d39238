"""Deletions of Flask-Login's cookie that reach the browser though all else of a message is dropped.

Where the app does not tell its users, a log-out by a call ends no session. A message of another
tab may end it before the page has fetched the log-out, as by ``session.clear()``: what waits for
other pages than that tab's is dropped then, and the cookie would log the user in again. To delete
it gives nobody any rights.

Flask-Login remembers a user by the same cookie after each log-in. A deletion that is left waiting
must not take away that of the next one: see :func:`still_meant`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from flask import Flask

from ..identity.keys import replaced_digest
from ..page.client import session_names
from ..page.secret_keys import secret_keys, secret_keys_of
from ..page.user_loader import identify
from ..registries.base import Registry
from .logins import has_shown_password
from .pending_changes import SessionChanges
from .remember_cookie import cookie_of_log_out, deletions_of_remembering, remembering_cookie


class LoneDeletion(NamedTuple):
    """The deletion of a cookie that remembers a user.

    :param cookie: the cookie's value.
    :param lines: the ``Set-Cookie`` lines that take it away.
    """

    cookie: str
    lines: tuple[str, ...]


def deletion_in(item: SessionChanges) -> LoneDeletion | None:
    """Return the deletion that is to reach the browser whatever becomes of the session; else None.

    Call it in the request context of the message that has made the changes.
    """
    lines = () if identify() else tuple(deletions_of_remembering(item.cookies))
    cookie = cookie_of_log_out() if lines else ""
    return LoneDeletion(cookie, lines) if cookie else None


def deposit(
    app: Flask, registry: Registry, deletion: LoneDeletion, connection_id: str, session: str
) -> None:
    """Let a deletion wait for the page of a connection id.

    :param session: the name of the session that the message had.
    :raises RegistryUnavailable: if it cannot wait.
    """
    name = _name(secret_keys_of(app)[0], deletion.cookie, connection_id)
    item = SessionChanges(cookies=deletion.lines, session=session)
    registry.deposit(name, item.to_text(app, name), "")


def names_of_deletions(connection_id: str) -> list[str]:
    """Return the names under which such a deletion may wait for the page that asks."""
    cookie = "" if identify() else remembering_cookie()
    return [_name(one, cookie, connection_id) for one in secret_keys() if cookie]


def still_meant(
    alone: Iterable[tuple[str, SessionChanges]],
    waiting: Iterable[tuple[str, SessionChanges]],
    has_ended: Callable[[Sequence[str], str], bool | None],
) -> list[tuple[str, SessionChanges]]:
    """Return those of the deletions *alone* that are to be made, in a request that takes them.

    One that is in something else of what waits is made with that. If it is not there, its session
    has ended; else the deletion has been made already, or the message has failed. A browser that
    has another session since may have logged in again there.

    :param has_ended: returns whether any of some sessions has ended; None: that is not known.
    """
    known = {line for _name, item in waiting for line in item.cookies}
    lacking = [one for one in alone if not known.issuperset(one[1].cookies)]
    return [one for one in lacking if _is_meant(one[1].session, has_ended)]


def _is_meant(session: str, has_ended: Callable[[Sequence[str], str], bool | None]) -> bool:
    if session in session_names():
        return has_ended([session], "") is not False
    return not has_shown_password()


def _name(secret_key: str | bytes, cookie: str, connection_id: str) -> str:
    # No connection id holds a colon.
    return replaced_digest(secret_key, cookie, f"deletion:{connection_id}")
