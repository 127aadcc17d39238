"""What is pushed down which channels, before any log has taken it."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NoReturn

from .channels import is_pattern
from .messages import is_encodable
from .routes import TO_ALL, Route

#: Characters of a push id.
LONGEST_PUSH_ID = 200


@dataclass(frozen=True, slots=True)
class Push:
    """One message for one channel, before its log has taken it.

    :param channel: a name, never a pattern.
    :param payload: JSON text.
    :param push_id: a second push with this id on this channel is the first one's repeat; None: it
        is none, and never has one.
    :param route: what it is, and which clients it is for.
    :param by_pattern: whether it goes to *channel* because a pattern fits it: then it does not let
        the channel live on, so that a pattern pushed to now and then keeps no channel for ever.
    """

    channel: str
    payload: str
    push_id: str | None
    route: Route = TO_ALL
    by_pattern: bool = False


def new_push_id() -> str:
    """The id of a push that was given none."""
    return secrets.token_hex(16)


def make_pushes(
    payload: str,
    channels: Iterable[str],
    matching: Callable[[str], list[str]],
    push_id: str | None = None,
    route: Route = TO_ALL,
) -> list[Push]:
    """One push for each of *channels*, and for each that a pattern among them fits.

    :param payload: JSON text.
    :param channels: names and patterns that were checked.
    :param matching: the channels that fit a pattern (the registry's).
    :param push_id: None: none of them is ever repeated.
    :param route: what they are, and which clients they are for.
    """
    by_pattern: dict[str, bool] = {}
    for channel in channels:
        if is_pattern(channel):
            for name in matching(channel):
                by_pattern.setdefault(name, True)
        else:
            by_pattern[channel] = False
    return [Push(name, payload, push_id, route, fits) for name, fits in by_pattern.items()]


def pairs(messages: Iterable[Any]) -> Iterator[tuple[Any, Any]]:
    """Yield what ``push_many`` was given, one pair of a message and its channel after the other.

    :raises TypeError: if one is no pair.
    """
    for one in messages:
        if not (isinstance(one, (tuple, list)) and len(one) == 2):
            raise TypeError(
                f"push_many takes pairs of a message and its channel, such as "
                f"[({{'text': 'hi'}}, 'room:1')], and {one!r:.60} is none."
            )
        yield one[0], one[1]


def check_push_id(push_id: object) -> str:
    """Give *push_id* back if it can be one.

    :raises ValueError: if it cannot.
    """
    if isinstance(push_id, str) and 0 < len(push_id) <= LONGEST_PUSH_ID and is_encodable(push_id):
        return push_id
    raise ValueError(
        f"push_id is {push_id!r:.60}, but a text of 1 to {LONGEST_PUSH_ID} characters is "
        "expected, such as str(uuid4())."
    )


def to_json(message: Any, dumps: Callable[[Any], str]) -> str:
    """Encode *message* by *dumps*, the app's JSON provider.

    :raises ValueError: for what Python writes and no browser reads: NaN, Infinity, and half of a
        surrogate pair.
    """
    text = dumps(message)
    if not text.isascii():
        text.encode()
    if "NaN" in text or "Infinity" in text:
        json.loads(text, parse_constant=_refuse)
    return text


def _refuse(constant: str) -> NoReturn:
    raise ValueError(
        f"A message with {constant} can't be pushed: JSON has no such number, and browsers refuse "
        f"the whole message; push None or a string in its place."
    )
