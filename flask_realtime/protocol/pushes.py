"""Pushes: messages on their way to channels, before any log has taken them."""

from __future__ import annotations

import functools
import json
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn, overload

from ..errors import RegistryUnavailable
from ..threads.pause import in_pieces
from .channels import flatten, is_pattern
from .json_texts import is_encodable
from .routes import TO_ALL, Route

# How many names of channels are taken between two pauses, in less than 1 ms: a pattern may fit any
# number of channels. Of more channels, pushes are made when they are asked for.
NAMES_AT_ONCE = 500

#: How many characters a push id may have.
LONGEST_PUSH_ID = 200


@dataclass(frozen=True, slots=True)
class Push:
    """One message for one channel, before its log has taken it.

    :param channel: a name, never a pattern.
    :param payload: JSON text.
    :param push_id: within 300 s a second push with this id to this channel counts as a repeat, and
        is dropped; None: no de-duplication.
    :param route: what kind of message it is, and which clients of the channel get it.
    :param by_pattern: whether the push goes to *channel* because a pattern fits the name. Such a
        push does not prolong the channel's life: a pattern that is pushed to now and then would
        keep every channel for ever.
    """

    channel: str
    payload: str
    push_id: str | None
    route: Route = TO_ALL
    by_pattern: bool = False


class PushToMany(Sequence[Push]):
    """One message for many channels: a push for each, made when it is asked for.

    Tens of thousands of pushes that lived at the same time would make Python's garbage collector
    look at all that the process holds, which stops it for some tenths of a second.

    :param channels: the names of the channels, each with whether a pattern fits it.
    """

    __slots__ = ("_channels", "_names", "_payload", "_push_id", "_route")

    def __init__(
        self, payload: str, channels: Mapping[str, bool], push_id: str | None, route: Route
    ) -> None:
        self._payload = payload
        self._channels = channels
        self._names = list(channels)
        self._push_id = push_id
        self._route = route

    def __len__(self) -> int:
        return len(self._names)

    @overload
    def __getitem__(self, index: int) -> Push: ...

    @overload
    def __getitem__(self, index: slice) -> list[Push]: ...

    def __getitem__(self, index: int | slice) -> Push | list[Push]:
        if isinstance(index, slice):
            return [self._make(name) for name in self._names[index]]
        return self._make(self._names[index])

    def __iter__(self) -> Iterator[Push]:
        return map(self._make, self._names)

    def _make(self, name: str) -> Push:
        return Push(name, self._payload, self._push_id, self._route, self._channels[name])


def new_push_id() -> str:
    """Return a new id, for a push that was given none: 32 hexadecimal characters."""
    return secrets.token_hex(16)


def make_pushes(
    payload: str,
    channels: Iterable[str],
    matching: Callable[[str], list[str]],
    push_id: str | None = None,
    route: Route = TO_ALL,
) -> Sequence[Push]:
    """Return one push for each of *channels*, and for each channel that fits a pattern among them.

    :param payload: JSON text.
    :param channels: names and patterns that were checked.
    :param matching: returns the known channels that fit a pattern: the registry's method.
    :param push_id: the id of all these pushes; None: no de-duplication.
    :param route: what kind of message they are, and which clients get it.
    :raises RegistryUnavailable: if the registry cannot list the channels that fit a pattern; the
        error has *push_id*.
    """
    by_pattern: dict[str, bool] = {}
    for channel in channels:
        if is_pattern(channel):
            for piece in in_pieces(_listed(channel, matching, push_id), NAMES_AT_ONCE):
                for name in piece:
                    by_pattern.setdefault(name, True)
        else:
            by_pattern[channel] = False
    pushes = PushToMany(payload, by_pattern, push_id, route)
    return pushes if len(pushes) > NAMES_AT_ONCE else list(pushes)


def _listed(pattern: str, matching: Callable[[str], list[str]], push_id: str | None) -> list[str]:
    try:
        return matching(pattern)
    except RegistryUnavailable as error:
        # An earlier attempt may have reached some channels. Who pushes again with the id of the
        # latest error must not lose it, or these channels would get the message twice.
        error.push_id = push_id
        raise


def pairs(messages: Iterable[Any], pattern: str | None) -> Iterator[tuple[Any, list[str]]]:
    """Yield each message that ``push_many`` was given, with the names that it is pushed to.

    :param messages: pairs of a message and its channel, or a list of channels.
    :param pattern: is added to the names of every message; None: no pattern.
    :raises TypeError: if one of *messages* is not a pair.
    :raises InvalidChannel: if a message has no channel, or a name cannot be used.
    """
    for one in messages:
        if not (isinstance(one, (tuple, list)) and len(one) == 2):
            raise TypeError(
                f"push_many takes pairs of a message and its channel, such as "
                f"[({{'text': 'hi'}}, 'room:1')], and {one!r:.60} is not a pair."
            )
        yield one[0], flatten((one[1],), pattern)


def make_many(
    messages: Iterable[tuple[str, list[str]]],
    matching: Callable[[str], list[str]],
    new_push_id: Callable[[], str | None],
) -> list[Push]:
    """Return the pushes of several messages, those of one message with the same id.

    :param messages: JSON texts, each with the names that it is pushed to, which were checked.
    :param matching: returns the channels that fit a pattern.
    :param new_push_id: returns an id for one message.
    """
    # Once for all messages: to list the channels takes as long as there are many.
    listed = functools.cache(matching)
    return [
        push
        for payload, names in messages
        for push in make_pushes(payload, names, listed, new_push_id())
    ]


def check_push_id(push_id: object) -> str:
    """Return *push_id* if it can be used as one.

    :raises ValueError: if it is no text of 1 to 200 characters.
    """
    if isinstance(push_id, str) and 0 < len(push_id) <= LONGEST_PUSH_ID and is_encodable(push_id):
        return push_id
    raise ValueError(
        f"push_id is {push_id!r:.60}, but a text of 1 to {LONGEST_PUSH_ID} characters is "
        "expected, such as str(uuid4())."
    )


def to_json(message: Any, dumps: Callable[[Any], str]) -> str:
    """Return *message* as JSON text that every browser can read.

    :param dumps: encodes a message: the method of the app's JSON provider.
    :raises TypeError: if *dumps* cannot encode *message*; the error says which part of it.
    :raises ValueError: if *message* holds what Python writes and no browser reads: NaN, Infinity,
        or half of a surrogate pair.
    """
    try:
        text = dumps(message)
    except TypeError as error:
        raise TypeError(
            f"The {_fault_in(message, dumps)} can't be pushed as JSON: {error}. Push texts, "
            f"numbers, True, False, None, and lists and dicts of these."
        ) from error
    if not text.isascii():
        text.encode()
    if "NaN" in text or "Infinity" in text:
        json.loads(text, parse_constant=_refuse)
    return text


def _fault_in(message: Any, dumps: Callable[[Any], str]) -> str:
    """Return the innermost part of *message* that *dumps* cannot encode, as Python writes it."""
    place, part, seen = "message", message, set[int]()
    # A dict may hold itself, which an encoder that sorts keys has not come to.
    while id(part) not in seen and (step := _faulty_item(part, dumps)) is not None:
        seen.add(id(part))
        key, part = step
        place += f"[{key!r:.40}]"
    return place


def _faulty_item(part: Any, dumps: Callable[[Any], str]) -> tuple[Any, Any] | None:
    items: Iterable[tuple[Any, Any]] = ()
    if isinstance(part, dict):
        items = part.items()
    elif isinstance(part, list | tuple):
        items = enumerate(part)
    for key, item in items:
        try:
            dumps(item)
        except TypeError:
            return key, item
    return None


def _refuse(constant: str) -> NoReturn:
    raise ValueError(
        f"A message with {constant} can't be pushed: JSON has no such number, and browsers refuse "
        f"the whole message; push None or a string in its place."
    )
