"""The app's secret keys, and the names that sessions have by each of them."""

from __future__ import annotations

from flask import Flask
from flask.sessions import NullSession

from ..errors import InvalidSetting
from ..flask_contexts import present_app
from ..identity.keys import session_digest
from .sessions import present_session


def secret_keys() -> list[str | bytes]:
    """Return the app's secret key, followed by ``SECRET_KEY_FALLBACKS``.

    :raises InvalidSetting: if the app has no secret key.
    """
    app = present_app()
    if not app.secret_key or isinstance(present_session(), NullSession):
        raise InvalidSetting(
            "SECRET_KEY is not set, and flask_realtime needs it to tell one page from another: "
            "set app.secret_key, or SECRET_KEY in app.config, to a long random text."
        )
    return secret_keys_of(app)


def secret_keys_of(app: Flask) -> list[str | bytes]:
    """Return the secret key of an app that has one, followed by ``SECRET_KEY_FALLBACKS``.

    Each key stands there once: who keeps all keys in one list names the present one twice.
    """
    assert app.secret_key
    return list(dict.fromkeys([app.secret_key, *(app.config.get("SECRET_KEY_FALLBACKS") or ())]))


def names_of_key(socket_key: str | None) -> list[str]:
    """Return the names of the browser session with a socket key; none without one.

    One by the app's present secret key, and one by each earlier key. Without a socket key no secret
    key is asked for: an app without sessions has none.
    """
    if socket_key is None:
        return []
    return [session_digest(secret, socket_key) for secret in secret_keys()]
