"""Users: the ids that an app gives them, as texts for digests, channels and keys."""

from __future__ import annotations

import hashlib
from typing import Any
from urllib.parse import quote
from uuid import UUID

from ..errors import InvalidIdentity

CHANNEL_PREFIX = "@user:"
#: How many characters an identity may have as part of a channel's name, which has 200 at most.
LONGEST_USER = 190
# Stands before the hash of an identity that is longer. Percent-encoding leaves no such character,
# so that nobody can choose an id that is taken for the hash of another's.
_HASHED = "="


def identity_of(value: Any) -> str:
    """Return the identity of the user whose id in the app is *value*.

    :param value: a text of any length, a whole number or a UUID; 42 and ``"42"`` are the same
        identity.
    :raises InvalidIdentity: if *value* is none of these, or is empty.
    """
    if isinstance(value, bool) or not isinstance(value, (str, int, UUID)):
        raise InvalidIdentity(
            f"A user's id must be a string, an integer or a UUID, not {type(value).__name__}: "
            f"{value!r:.100}."
        )
    text = str(value)
    if not text:
        raise InvalidIdentity(
            "A user's id must not be empty; for a visitor who is not logged in it is None."
        )
    return text


def user_of(identity: str | None) -> str | None:
    """Return *identity* as keys, channels and announcements hold it; None stays None.

    :returns: the identity percent-encoded, or a hash of it where that has more than 190 characters.
    """
    return None if identity is None else _encode(identity)


def channel_of(identity: str) -> str:
    """Return the name of the channel that all pages of a user hear, such as ``@user:42``."""
    return CHANNEL_PREFIX + _encode(identity)


def _encode(identity: str) -> str:
    # People choose their names: half of a surrogate pair, which a JSON text may hold, must not
    # raise an error in whatever view names its owner.
    encoded = quote(identity, safe="", errors="surrogatepass")
    if len(encoded) <= LONGEST_USER:
        return encoded
    return _HASHED + hashlib.sha256(encoded.encode()).hexdigest()
