"""What waits for the browser, which gets no cookie over a socket, as text for the registry."""

from __future__ import annotations

import json
from collections.abc import Iterable, MutableMapping
from dataclasses import dataclass
from typing import Any

from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from itsdangerous import BadData

from ..identity.keys import SOCKET_KEY
from .cookie_jar import CookieJar

# By key, the value that was there before and the one that is now: a list of one, or empty where
# there was or is none.
Changes = dict[str, tuple[list[Any], list[Any]]]


@dataclass(frozen=True, slots=True)
class SessionChanges:
    """What one message changed.

    :param changes: of a session that Flask keeps in its cookie.
    :param cookies: every other ``Set-Cookie`` line.
    """

    changes: Changes
    cookies: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.changes or self.cookies)

    def to_text(self, app: Flask) -> str:
        """The item as the registry keeps it; the changes are signed, as the cookie would be."""
        changes = _signer(app).dumps(self.changes) if self.changes else None
        return json.dumps({"changes": changes, "cookies": self.cookies})

    @classmethod
    def from_text(cls, app: Flask, text: str) -> SessionChanges:
        """Read what :meth:`to_text` wrote.

        :raises ValueError: if it was not written with a key that the app still knows.
        """
        data = json.loads(text)
        try:
            changes = _signer(app).loads(data["changes"]) if data["changes"] else {}
        except BadData as error:
            raise ValueError(f"The changes of a session can't be read: {error}") from error
        return cls(changes, tuple(data["cookies"]))

    def apply(self, session: MutableMapping[str, Any]) -> None:
        """Make each change whose old value still stands: what HTTP did meanwhile counts more."""
        for key, (old, new) in self.changes.items():
            if _value(session, key) != old:
                continue
            if new:
                session[key] = new[0]
            else:
                session.pop(key, None)


def item_of(
    app: Flask, before: CookieJar, after: CookieJar, lines: Iterable[str]
) -> SessionChanges:
    """What the browser has to be told, so that it stands as *after* does.

    :param lines: the ``Set-Cookie`` lines that made a difference.
    """
    if not has_cookie_session(app):
        return SessionChanges({}, tuple(lines))
    name = app.session_interface.get_cookie_name(app)
    changes = _difference(_read_session(app, before), _read_session(app, after))
    cookies = [line for line in lines if line.partition("=")[0].strip() != name]
    return SessionChanges(changes, tuple(cookies))


def lay_over(app: Flask, jar: CookieJar, item: SessionChanges) -> None:
    """Change *jar* as the browser's cookies will be changed when it fetches *item*."""
    for line in item.cookies:
        jar.set(line, "/")
    if not item.changes:
        return
    session = _open_session(app, jar)
    response = app.response_class()
    item.apply(session)
    app.session_interface.save_session(app, session, response)
    for line in response.headers.getlist("Set-Cookie"):
        jar.set(line, "/")


def has_cookie_session(app: Flask) -> bool:
    """Whether the session itself is in the cookie, not a mere key to it."""
    return isinstance(app.session_interface, SecureCookieSessionInterface)


def _difference(before: dict[str, Any], after: dict[str, Any]) -> Changes:
    return {
        key: (_value(before, key), _value(after, key))
        for key in {**before, **after}
        if key != SOCKET_KEY and _value(before, key) != _value(after, key)
    }


def _value(session: MutableMapping[str, Any], key: str) -> list[Any]:
    return [session[key]] if key in session else []


def _read_session(app: Flask, jar: CookieJar) -> dict[str, Any]:
    return dict(_open_session(app, jar))


def _open_session(app: Flask, jar: CookieJar) -> Any:
    path = app.session_interface.get_cookie_path(app)
    request = app.request_class({"HTTP_COOKIE": jar.header(path)})
    session = app.session_interface.open_session(app, request)
    return {} if session is None else session


def _signer(app: Flask) -> Any:
    interface = app.session_interface
    assert isinstance(interface, SecureCookieSessionInterface)
    return interface.get_signing_serializer(app)
