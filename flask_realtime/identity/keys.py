"""Who a client is: socket key, identity, connection id, their digest, and the page's origin."""

from __future__ import annotations

import hmac
import re
import secrets

SOCKET_KEY = "socket_key"
CONNECTION_ID = "socket_connection_id"
CONNECTION_ID_HEADER = "X-Realtime-Connection-Id"

# Hexadecimal characters: 128 bits for the page, and as many for its browser session.
_HALF = 32

_CONNECTION_ID = re.compile(r"[A-Za-z0-9_-]{16,128}")
_DIGEST = re.compile(r"[0-9a-f]{64}")


def new_socket_key() -> str:
    """A secret for one browser session: 256 random bits."""
    return secrets.token_urlsafe(32)


def new_connection_id() -> str:
    """An id for one rendered page: 128 random bits, since two pages must never share one."""
    return secrets.token_urlsafe(16)


def is_connection_id(text: object) -> bool:
    """Whether *text* is 16 to 128 characters of ``A-Za-z0-9_-``."""
    return isinstance(text, str) and _CONNECTION_ID.fullmatch(text) is not None


def digest(
    secret_key: str | bytes, socket_key: str, connection_id: str, identity: str | None = None
) -> str:
    """Return the name of one client, one page of one browser, to the registry.

    Another session, identity, page or secret key gives another digest.

    :param identity: who the session belongs to; None: a stranger.
    :returns: 64 hexadecimal characters, of which the last 32 are the :func:`session_digest`.
    """
    # Neither an id nor its length holds a colon, so no two clients make the same text.
    owner = "" if identity is None else f"{len(identity)}:{identity}"
    client = _sign(secret_key, f"client:{connection_id}:{owner}:{socket_key}")
    return client[:_HALF] + session_digest(secret_key, socket_key)


def is_digest(text: object) -> bool:
    """Return whether *text* could be what :func:`digest` returns: 64 hexadecimal digits."""
    return isinstance(text, str) and _DIGEST.fullmatch(text) is not None


def session_digest(secret_key: str | bytes, socket_key: str) -> str:
    """Return the name of one browser session, whoever it belongs to: 32 hexadecimal characters."""
    return _sign(secret_key, f"session:{socket_key}")[:_HALF]


def replaced_digest(secret_key: str | bytes, cookie: str, connection_id: str) -> str:
    """Return the name under which a page finds what waits for it, if all it can show is a session
    cookie that has been replaced: by whoever brings that cookie, and names the page, alone."""
    return _sign(secret_key, f"replaced:{connection_id}:{cookie}")


def session_of(digest: str) -> str:
    """Return the name of the browser session to which the client named *digest* belongs."""
    return digest[_HALF:] or digest


def shorten(digest: str) -> str:
    """A digest as logs show it: enough to follow one client, too little to name it."""
    return digest[:8]


def fingerprint(secret_key: str | bytes) -> str:
    """Return a name for the app that has *secret_key*, from which nobody learns the key."""
    return _sign(secret_key, "app")[:_HALF]


def _sign(secret_key: str | bytes, text: str) -> str:
    secret = secret_key.encode() if isinstance(secret_key, str) else secret_key
    key = hmac.digest(secret, b"flask_realtime", "sha256")
    return hmac.digest(key, text.encode(), "sha256").hex()
