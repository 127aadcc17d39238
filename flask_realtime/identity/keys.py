"""Names of clients: socket keys, connection ids, and the digests made of them."""

from __future__ import annotations

import base64
import hmac
import re
import secrets
from collections.abc import Sequence
from functools import lru_cache
from typing import TypeGuard

SOCKET_KEY = "socket_key"
CONNECTION_ID = "socket_connection_id"
CONNECTION_ID_HEADER = "X-Realtime-Connection-Id"

# Hexadecimal characters: 128 bits for the page, and as many for its browser session.
_HALF = 32

# An id that tells the page's age has the moment, then random bytes, and the seal of both.
_DATE_BYTES, _DATED_BYTES, _SEAL_BYTES = 6, 16, 8
_DATED_CHARACTERS, _SEAL_CHARACTERS = 22, 11
# The id of a page that was rendered for a user has a mark behind the rest of the id.
_MARK_CHARACTERS = 8

_CONNECTION_ID = re.compile(r"[A-Za-z0-9_-]{16,128}")
_DIGEST = re.compile(r"[0-9a-f]{64}")


def new_socket_key() -> str:
    """Return a new secret for one browser session: 256 random bits."""
    return secrets.token_urlsafe(32)


def inherited_socket_key(secret_key: str | bytes, heir: str) -> str:
    """Return the secret of the browser session that takes the place of one ended by a message.

    :param heir: the name of the message, which no two messages share.
    """
    return _sign(secret_key, f"inherited:{heir}")


def new_connection_id() -> str:
    """Return a new id for one rendered page: 128 random bits, because no two pages may share it."""
    return secrets.token_urlsafe(16)


def dated_connection_id(secret_key: str | bytes, socket_key: str, moment: int) -> str:
    """Return a new id for one page of a browser session, by which the page's age can be told.

    :param socket_key: the secret of the browser session.
    :param moment: when the page was asked for, in ms since 1970.
    """
    dated = moment.to_bytes(_DATE_BYTES, "big") + secrets.token_bytes(_DATED_BYTES - _DATE_BYTES)
    text = _encode(dated)
    return text + _seal(secret_key, socket_key, text)


def owned_connection_id(secret_key: str | bytes, connection_id: str, identity: str) -> str:
    """Return a connection id by which can be told for which user its page was rendered.

    :param connection_id: a new id.
    """
    return connection_id + _mark(secret_key, connection_id, identity)


def is_anothers(connection_id: str, secret_keys: Sequence[str | bytes], identity: str) -> bool:
    """Return whether the page of a connection id was rendered for another user than *identity*.

    False for an id that :func:`owned_connection_id` has not made, since it tells of no user.

    :param secret_keys: one of them has to be the key with which the id was made.
    """
    rest, mark = _without_mark(connection_id)
    marks = [_mark(one, rest, identity) for one in secret_keys]
    return bool(mark) and not any(hmac.compare_digest(one, mark) for one in marks)


def date_of(connection_id: str, secret_keys: Sequence[str | bytes], socket_key: str) -> int | None:
    """Return when the page of a connection id was asked for, in ms since 1970.

    None if the id does not tell: :func:`dated_connection_id` has not made it, or not for this
    browser session, or with a secret key that is not among *secret_keys*.
    """
    dated, _ = _without_mark(connection_id)
    text, seal = dated[:_DATED_CHARACTERS], dated[_DATED_CHARACTERS:]
    if len(seal) != _SEAL_CHARACTERS:
        return None
    seals = [_seal(one, socket_key, text) for one in secret_keys]
    if not any(hmac.compare_digest(one, seal) for one in seals):
        return None
    return int.from_bytes(base64.urlsafe_b64decode(text + "==")[:_DATE_BYTES], "big")


def is_connection_id(text: object) -> TypeGuard[str]:
    """Return whether *text* is 16 to 128 characters of ``A-Za-z0-9_-``."""
    return isinstance(text, str) and _CONNECTION_ID.fullmatch(text) is not None


def digest(
    secret_key: str | bytes, socket_key: str, connection_id: str, identity: str | None = None
) -> str:
    """Return the name by which the registry knows one client, that is one page of one browser.

    Another session, identity, page or secret key gives another digest.

    :param identity: the user that the session belongs to; None: a stranger.
    :returns: 64 hexadecimal characters, of which the last 32 are the :func:`session_digest`.
    """
    # Neither a connection id nor a length holds a colon, so no two clients give the same text.
    owner = "" if identity is None else f"{len(identity)}:{identity}"
    client = _sign(secret_key, f"client:{connection_id}:{owner}:{socket_key}")
    return client[:_HALF] + session_digest(secret_key, socket_key)


def is_digest(text: object) -> bool:
    """Return whether *text* could be what :func:`digest` returns: 64 hexadecimal digits."""
    return isinstance(text, str) and _DIGEST.fullmatch(text) is not None


def session_digest(secret_key: str | bytes, socket_key: str) -> str:
    """Return the name of one browser session, whatever user it belongs to.

    :returns: 32 hexadecimal characters.
    """
    return _sign(secret_key, f"session:{socket_key}")[:_HALF]


def replaced_digest(secret_key: str | bytes, cookie: str, connection_id: str) -> str:
    """Return the name under which changes wait for a page whose session cookie was replaced.

    Only a request that brings the replaced *cookie*, and names the page, leads to this name.

    :param cookie: the value of the session cookie that was replaced, or of the cookie by which
        Flask-Login remembered the user.
    """
    return _sign(secret_key, f"replaced:{connection_id}:{cookie}")


def forgotten_digest(secret_key: str | bytes, user: str) -> str:
    """Return what a session notes of a user whom no cookie that is remembered is to log in there.

    :param user: the id by which Flask-Login knows the user, which may be as secret as a password.
    """
    return _sign(secret_key, f"forgotten:{user}")


def id_digest(secret_key: str | bytes, cookie: str) -> str:
    """Return the name of an id under which a store of the app's holds, or held, a browser session.

    :param cookie: the value of the session's cookie, which brings the id.
    :returns: 32 hexadecimal characters, none of which are those of a :func:`session_digest`.
    """
    return _sign(secret_key, f"id:{cookie}")[:_HALF]


def session_of(digest: str) -> str:
    """Return the name of the browser session to which the client named *digest* belongs."""
    return digest[_HALF:] or digest


def shorten(digest: str) -> str:
    """Return the first 8 characters of a digest, which logs show.

    They are enough to follow one client, and too few to act as the client.
    """
    return digest[:8]


def fingerprint(secret_key: str | bytes) -> str:
    """Return a name for the app that has *secret_key*; it does not reveal the key."""
    return _sign(secret_key, "app")[:_HALF]


def _seal(secret_key: str | bytes, socket_key: str, text: str) -> str:
    sealed = _sign(secret_key, f"dated:{text}:{socket_key}")
    return _encode(bytes.fromhex(sealed)[:_SEAL_BYTES])


def _mark(secret_key: str | bytes, connection_id: str, identity: str) -> str:
    marked = _sign(secret_key, f"owner:{connection_id}:{identity}")
    return _encode(bytes.fromhex(marked))[:_MARK_CHARACTERS]


def _without_mark(connection_id: str) -> tuple[str, str]:
    """Return an id without the mark behind it, and the mark; the latter is empty if there is none.

    Ids with a mark have lengths of their own.
    """
    lengths = (_DATED_CHARACTERS, _DATED_CHARACTERS + _SEAL_CHARACTERS)
    if len(connection_id) - _MARK_CHARACTERS not in lengths:
        return connection_id, ""
    return connection_id[:-_MARK_CHARACTERS], connection_id[-_MARK_CHARACTERS:]


def _encode(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).decode().rstrip("=")


def _sign(secret_key: str | bytes, text: str) -> str:
    # The identity within a text may hold half of a surrogate pair.
    encoded = text.encode(errors="surrogatepass")
    return hmac.digest(_derived_key(secret_key), encoded, "sha256").hex()


@lru_cache(maxsize=16)
def _derived_key(secret_key: str | bytes) -> bytes:
    secret = secret_key.encode() if isinstance(secret_key, str) else secret_key
    return hmac.digest(secret, b"flask_realtime", "sha256")
