"""What is pushed down which channels, as the registry takes it."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ..registries.base import Push
from .channels import is_pattern

#: Characters of a push id.
LONGEST_PUSH_ID = 200


def make_pushes(
    payload: str,
    channels: Iterable[str],
    matching: Callable[[str], list[str]],
    push_id: str | None = None,
    to: str | None = None,
) -> list[Push]:
    """One push for each of *channels*, and for each that a pattern among them fits.

    :param payload: JSON text.
    :param channels: names and patterns that were checked.
    :param matching: the channels that fit a pattern (the registry's).
    :param push_id: None: none of them is ever repeated.
    :param to: the digest of the only client that shall hear it.
    """
    names: dict[str, None] = {}
    for channel in channels:
        names.update(dict.fromkeys(matching(channel) if is_pattern(channel) else [channel]))
    return [Push(name, payload, push_id, to) for name in names]


def check_push_id(push_id: object) -> str:
    """Give *push_id* back if it can be one.

    :raises ValueError: if it cannot.
    """
    if not isinstance(push_id, str) or not 0 < len(push_id) <= LONGEST_PUSH_ID:
        raise ValueError(
            f"push_id is {push_id!r:.60}, but a text of 1 to {LONGEST_PUSH_ID} characters is "
            "expected, such as str(uuid4())."
        )
    return push_id
