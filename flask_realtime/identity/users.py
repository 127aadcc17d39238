"""Users: the ids that an app gives them, as texts for digests, channels and keys."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote
from uuid import UUID

from ..errors import InvalidIdentity

CHANNEL_PREFIX = "@user:"
#: How many characters an identity may have once it is percent-encoded: a channel's name, which
#: holds it, has 200 at most.
LONGEST_USER = 190


def identity_of(value: Any) -> str:
    """Return the identity of the user whose id in the app is *value*.

    :param value: a text, a whole number or a UUID; 42 and ``"42"`` are the same identity.
    :raises InvalidIdentity: if *value* is none of these, is empty, or is too long.
    """
    if isinstance(value, bool) or not isinstance(value, (str, int, UUID)):
        raise InvalidIdentity(
            f"A user's id is a text, a whole number or a UUID, not {type(value).__name__}: "
            f"{value!r:.100}."
        )
    text = str(value)
    if not text:
        raise InvalidIdentity("A user's id is empty; a stranger's identity is None.")
    try:
        size = len(quote(text, safe=""))
    except UnicodeEncodeError:
        raise InvalidIdentity(f"A user's id cannot be written in UTF-8: {text!r:.100}.") from None
    if size > LONGEST_USER:
        raise InvalidIdentity(
            f"A user's id has {size} characters once it is percent-encoded, and {LONGEST_USER} at "
            f"most are allowed: {text[:40]!r}…"
        )
    return text


def user_of(identity: str | None) -> str | None:
    """Return *identity* percent-encoded, as keys and announcements hold it; None stays None."""
    return None if identity is None else quote(identity, safe="")


def channel_of(identity: str) -> str:
    """Return the name of the channel that all pages of a user hear, such as ``@user:42``."""
    return CHANNEL_PREFIX + quote(identity, safe="")
