"""Users: who a session belongs to, as texts that stand in digests, channels and keys."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote
from uuid import UUID

from ..errors import InvalidIdentity

CHANNEL_PREFIX = "@user:"
#: Characters of an identity once it is percent-encoded: a channel's name has 200 at most.
LONGEST_USER = 190


def identity_of(value: Any) -> str:
    """Return the identity that *value*, an id of the app's, stands for.

    :param value: a text, a whole number or a UUID; 42 and ``"42"`` are the same identity.
    :raises InvalidIdentity: if it is none of these, is empty, or is too long.
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
        raise InvalidIdentity(f"A user's id is no text that has UTF-8: {text!r:.100}.") from None
    if size > LONGEST_USER:
        raise InvalidIdentity(
            f"A user's id has {size} characters once it is percent-encoded, and {LONGEST_USER} at "
            f"most are allowed: {text[:40]!r}…"
        )
    return text


def user_of(identity: str | None) -> str | None:
    """Return *identity* as keys and announcements name it: percent-encoded."""
    return None if identity is None else quote(identity, safe="")


def channel_of(identity: str) -> str:
    """Return the channel that all pages of a user hear, such as ``@user:42``."""
    return CHANNEL_PREFIX + quote(identity, safe="")
