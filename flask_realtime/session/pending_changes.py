"""Changes of cookies and sessions that wait in the registry until the browser fetches them.

A browser takes no cookies over an open WebSocket. What a message changes is written as a signed
text, and the page fetches it by HTTP: see :mod:`.session_path`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, MutableMapping
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from flask import Flask
from flask.sessions import SecureCookieSessionInterface, session_json_serializer
from itsdangerous import BadData, URLSafeSerializer

from ..identity.keys import SOCKET_KEY
from ..page.former_session import differ, session_as_it_came
from ..page.sessions import present_session

#: Where the environ of a handshake holds what :func:`rewritten_keys` returned there. The key is
#: missing if nothing waited for the browser.
REWRITTEN = "flask_realtime.rewritten"

#: Where Flask keeps the messages that flash() was given, until a page shows them.
FLASHES = "_flashes"

# A salt of the library's own, so that nothing that an app signs is taken for such a text.
_SALT = "flask_realtime.session-changes"
_REPLACED_SALT = "flask_realtime.replaced-session"
#: The salt of what a page is told, so that nothing else that is signed is taken for that.
TOLD_SALT = "flask_realtime.told"

#: By key of the session, the value before and the value after the change: each a list of one value,
#: or an empty list if there was or is none.
Changes = dict[str, tuple[list[Any], list[Any]]]


@dataclass(frozen=True, slots=True)
class SessionChanges:
    """What one message changed.

    :param changes: the changes of a session that Flask keeps in its cookie.
    :param cookies: all other ``Set-Cookie`` lines.
    :param identities: the users to whom the browser's session may belong when the changes are made:
        those of the session before and after the message, and None if the message gave the session
        another id, as that by which the browser comes is nobody's then.
    :param heir: if the message ended its session, which then gets another socket key: the name of
        the message; else empty.
    :param renews: whether the session's cookie is to be set anew because it would end too soon.
    :param clears: whether the message has cleared its session: *changes* hold all that was in it,
        and all that is in it now, and nothing else stays in the browser's.
    :param session: of a deletion that waits alone (see :mod:`.lone_deletions`), the name of the
        session that the message had; else empty.
    :param is_noted: whether the session, which the server keeps, notes that the message has logged
        its user out (see :mod:`.forgotten_cookies`).
    """

    changes: Changes = field(default_factory=dict)
    cookies: tuple[str, ...] = ()
    identities: tuple[str | None, ...] = (None, None)
    heir: str = ""
    renews: bool = False
    clears: bool = False
    session: str = ""
    is_noted: bool = False

    def __bool__(self) -> bool:
        return bool(self.changes or self.cookies or self.heir or self.renews)

    @property
    def gives_another_id(self) -> bool:
        """Whether the message gave the session, which the server keeps, another id.

        Such an item alone has a third of *identities*.
        """
        return len(self.identities) > 2

    def to_text(self, app: Flask, digest: str) -> str:
        """Return the changes as the registry keeps them: signed as a whole.

        :param digest: the client for whose browser they wait.
        """
        return _signer(app, _SALT).dumps(
            {
                "for": digest,
                "changes": {key: list(pair) for key, pair in self.changes.items()},
                "cookies": list(self.cookies),
                "identities": list(self.identities),
                "heir": self.heir,
                "renews": self.renews,
                "clears": self.clears,
                "session": self.session,
                "is_noted": self.is_noted,
            }
        )

    @classmethod
    def from_text(cls, app: Flask, digest: str, text: str) -> SessionChanges:
        """Read what :meth:`to_text` wrote for the same client.

        :raises ValueError: if the text is for another client, or was not signed with a secret key
            that the app still knows.
        """
        data = _read(app, _SALT, text)
        if data["for"] != digest:
            raise ValueError("the changes belong to another client")
        return cls(
            {key: (old, new) for key, (old, new) in data["changes"].items()},
            tuple(data["cookies"]),
            tuple(data["identities"]),
            data["heir"],
            data["renews"],
            # A process of an earlier version does not say what follows.
            data.get("clears", False),
            data.get("session", ""),
            data.get("is_noted", False),
        )

    def fits(
        self, session: Mapping[str, Any], identity: str | None, rewritten: Collection[str] = ()
    ) -> bool:
        """Return whether the changes can be made to a session.

        They cannot where there are :meth:`conflicts`, nor if the session belongs to another user
        than the one for whom they were made.

        :param identity: the user that the session belongs to; None: a stranger.
        :param rewritten: as for :meth:`conflicts`.
        """
        return identity in self.identities and not self.conflicts(session, rewritten)

    def conflicts(
        self, session: Mapping[str, Any], rewritten: Collection[str] = ()
    ) -> Collection[str]:
        """Return the keys that a request over HTTP has changed meanwhile, to other values.

        There are none if the message has ended the session: a log-out is made whatever the session
        has got since.

        :param rewritten: the keys that the app has written in the request that takes the changes,
            as :func:`rewritten_keys` returns them. It does so in each request, as in the message,
            and what it wrote last stays.
        """
        return [] if self.heir else sorted(self._taken(session) - {*rewritten})

    def apply(self, session: MutableMapping[str, Any], rewritten: Collection[str] = ()) -> None:
        """Make the changes to a session; call it only if :meth:`fits` says so."""
        kept = self._taken(session) & {*rewritten}
        if self.clears:
            for key in {*session} - {SOCKET_KEY, *rewritten, *self.changes}:
                del session[key]
        for key, (old, new) in self.changes.items():
            present = _value(session, key)
            # The message has left alone what is the same: HTTP may have changed it.
            if key in kept or new in (old, present):
                continue
            if key == FLASHES and not self.clears:
                new = _flashes(present, old, new)
            if new:
                session[key] = new[0]
            else:
                session.pop(key, None)

    def _taken(self, session: Mapping[str, Any]) -> set[str]:
        """Return the keys that have another value by now than before the change and after it."""
        present = {key: _value(session, key) for key in self.changes}
        return {
            key
            for key, (old, new) in self.changes.items()
            if key != FLASHES and present[key] != new and not _is_free(present[key], old)
        }


def difference(
    before: Mapping[str, Any], after: Mapping[str, Any], is_whole: bool = False
) -> Changes:
    """Return the changes between two states of a session, without its socket key.

    :param is_whole: whether to return what is the same in both as well.
    """
    return {
        key: (_value(before, key), _value(after, key))
        for key in {**before, **after}
        if key != SOCKET_KEY and (is_whole or differ(_value(before, key), _value(after, key)))
    }


def rewritten_keys() -> Collection[str]:
    """Return the keys that the app has written into the session of the current request."""
    return frozenset(difference(dict(session_as_it_came()), dict(present_session())))


def pointer_to(app: Flask, digest: str, salt: str = _REPLACED_SALT) -> str:
    """Return a signed text that names a client.

    It waits under the name of a session cookie that a message has replaced, and tells under which
    digest to look for the changes.

    :param salt: ``TOLD_SALT`` for one that the client's own page is told.
    """
    return _signer(app, salt).dumps({"for": digest})


def follow(app: Flask, pointer: str, salt: str = _REPLACED_SALT) -> str:
    """Return the digest that :func:`pointer_to` was given, with the same *salt*.

    :raises ValueError: if *pointer* was not signed with a secret key that the app still knows.
    """
    digest: str = _read(app, salt, pointer)["for"]
    return digest


def _value(session: Mapping[str, Any], key: str) -> list[Any]:
    return [session[key]] if key in session else []


def _flashes(present: list[Any], old: list[Any], new: list[Any]) -> list[Any]:
    """Return the messages to show: those of now, but for what the message of a socket has shown,
    and with what it has added. Each is a list of one list, or empty."""
    now, before, after = ([*chain.from_iterable(one)] for one in (present, old, new))
    has_shown = after[: len(before)] != before
    shown, added = (before, after) if has_shown else ([], after[len(before) :])
    messages = [one for one in now if one not in shown] + added
    return [messages] if messages else []


def _is_free(present: list[Any], old: list[Any]) -> bool:
    # Flask-Login writes {"_fresh": False} into the session of every stranger's second request. A
    # key that has got a false value must not keep a log-in from being taken over.
    return present == old or (not old and not any(present))


def _signer(app: Flask, salt: str) -> URLSafeSerializer:
    keys: list[str | bytes] = [*(app.config.get("SECRET_KEY_FALLBACKS") or ())]
    # Itsdangerous signs with the last key of the list.
    keys.append(app.secret_key or "")
    # The app may have replaced the serializer, so that its sessions hold other types too.
    interface = app.session_interface
    serializer = session_json_serializer
    if isinstance(interface, SecureCookieSessionInterface):
        serializer = interface.serializer
    return URLSafeSerializer(
        keys,  # type: ignore[arg-type]
        salt=salt,
        serializer=serializer,
        signer_kwargs={"key_derivation": "hmac"},
    )


def _read(app: Flask, salt: str, text: str) -> dict[str, Any]:
    try:
        data: dict[str, Any] = _signer(app, salt).loads(text)
    except BadData as error:
        raise ValueError(f"the changes can't be read: {error}") from error
    return data
