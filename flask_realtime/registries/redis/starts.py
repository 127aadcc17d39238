"""Writes where a subscription begins, in the form of a client's hash and of the scripts.

A plain position is written as it is. Anything else is ``about>begins>position``. *about* is ``v``
for a subscription by a view's decorator, followed by the mark of the subscription's past. *begins*
is the position at which that past begins. A script fills in an empty position, and a *begins* that
consists of ``#``, the number of messages, a colon, and the client's digest.
"""

from __future__ import annotations

from ...protocol.positions import Position, new_tag
from ...protocol.starts import Past, Start, as_start
from ..subscriptions import Subscription
from .entries import parse_position

_BY_VIEW = "v"


def write_start(given: Position | Start | None, digest: str) -> str:
    """Return a start in the form that the scripts take.

    :param digest: the digest of the client that subscribes.
    """
    start = as_start(given)
    since = "" if start.since is None else str(start.since)
    if not (start.past or start.last or start.by_view):
        return since
    about = _BY_VIEW if start.by_view else ""
    if start.past is not None:
        return f"{about}{start.past.mark}>{start.past.begins}>{since}"
    if start.last:
        return f"{about}{new_tag()}>#{start.last}:{digest}>{since}"
    return f"{about}>>{since}"


def write_since(one: Subscription, digest: str) -> str:
    """Return the value of a field ``since:CHANNEL`` of a client's hash.

    :param digest: the client's digest.
    """
    lag = f"-{one.lag}" if one.lag else ""
    return f"{write_start(one.start, digest)}:{one.moment}{lag}"


def parse_start(text: bytes) -> Start:
    """Read a start whose position is known.

    :raises ValueError: if *text* has another form.
    """
    if b">" not in text:
        return Start(parse_position(text))
    about, begins, since = text.split(b">")
    is_by_view = about.startswith(_BY_VIEW.encode())
    mark = about.decode().removeprefix(_BY_VIEW)
    past = Past(parse_position(begins), mark) if begins else None
    return Start(parse_position(since), past, by_view=is_by_view)
