"""What waits for the browser, which gets no cookie over a socket, as text for the registry."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any

from flask import Flask
from flask.sessions import SecureCookieSessionInterface, session_json_serializer
from itsdangerous import BadData, URLSafeSerializer

from ..identity.keys import SOCKET_KEY

# Of the library alone: what an app signs, in its session's cookie above all, is none of this.
_SALT = "flask_realtime.session-changes"
_REPLACED_SALT = "flask_realtime.replaced-session"

# By key, the value that was there before and the one that is now: a list of one, or empty where
# there was or is none.
Changes = dict[str, tuple[list[Any], list[Any]]]


@dataclass(frozen=True, slots=True)
class SessionChanges:
    """What one message changed.

    :param changes: of a session that Flask keeps in its cookie.
    :param cookies: every other ``Set-Cookie`` line.
    :param identities: who the session belonged to before the message, and behind it.
    :param ends: the message ended its session, which gets another socket key.
    :param renews: the session's cookie is to be set anew, for it would end too soon.
    """

    changes: Changes = field(default_factory=dict)
    cookies: tuple[str, ...] = ()
    identities: tuple[str | None, str | None] = (None, None)
    ends: bool = False
    renews: bool = False

    def __bool__(self) -> bool:
        return bool(self.changes or self.cookies or self.ends or self.renews)

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
                "ends": self.ends,
                "renews": self.renews,
            }
        )

    @classmethod
    def from_text(cls, app: Flask, digest: str, text: str) -> SessionChanges:
        """Read what :meth:`to_text` wrote for the same client.

        :raises ValueError: if it was not written with a key that the app still knows, or for
            another client.
        """
        data = _read(app, _SALT, text)
        if data["for"] != digest:
            raise ValueError("They are another client's.")
        before, after = data["identities"]
        return cls(
            {key: (old, new) for key, (old, new) in data["changes"].items()},
            tuple(data["cookies"]),
            (before, after),
            data["ends"],
            data["renews"],
        )

    def fits(self, session: Mapping[str, Any], identity: str | None) -> bool:
        """Return whether the changes can be made to a session: all of them, or none.

        What HTTP did meanwhile counts more, and what was done as one user is not done to another.

        :param identity: who the session belongs to.
        """
        if identity not in self.identities:
            return False
        return all(_is_free(_value(session, key), old) for key, (old, _) in self.changes.items())

    def apply(self, session: MutableMapping[str, Any]) -> None:
        """Make the changes to a session that they fit."""
        for key, (_, new) in self.changes.items():
            if new:
                session[key] = new[0]
            else:
                session.pop(key, None)


def difference(before: Mapping[str, Any], after: Mapping[str, Any]) -> Changes:
    """Return how one state of a session became another; the socket key is none of it."""
    return {
        key: (_value(before, key), _value(after, key))
        for key in {**before, **after}
        if key != SOCKET_KEY and _value(before, key) != _value(after, key)
    }


def pointer_to(app: Flask, digest: str) -> str:
    """Return the text that waits under the name of a session cookie that a message replaced: it
    says whose client's name to look under."""
    return _signer(app, _REPLACED_SALT).dumps({"for": digest})


def follow(app: Flask, pointer: str) -> str:
    """Return the digest that :func:`pointer_to` was given.

    :raises ValueError: if *pointer* was not written with a key that the app still knows.
    """
    digest: str = _read(app, _REPLACED_SALT, pointer)["for"]
    return digest


def _value(session: Mapping[str, Any], key: str) -> list[Any]:
    return [session[key]] if key in session else []


def _is_free(present: list[Any], old: list[Any]) -> bool:
    # Flask-Login writes {"_fresh": False} into the session of every stranger's second request: a
    # key that came to hold nothing is no change that counts more than a log-in.
    return present == old or (not old and not any(present))


def _signer(app: Flask, salt: str) -> URLSafeSerializer:
    keys: list[str | bytes] = [*(app.config.get("SECRET_KEY_FALLBACKS") or ())]
    # The last one signs.
    keys.append(app.secret_key or "")
    # What a session in a cookie may hold, an app may have widened.
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
        raise ValueError(f"They can't be read: {error}") from error
    return data
