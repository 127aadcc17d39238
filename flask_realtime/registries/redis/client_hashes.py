"""Reads the hash of a client in Redis, whose fields ``lua/parts/client.lua`` explains."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence

from ...protocol.positions import Position
from ..subscriptions import Subscription, Subscriptions
from .entries import parse_position
from .starts import parse_start


def as_fields(reply: Sequence[bytes]) -> dict[bytes, bytes]:
    """Return the fields of a hash, as ``HGETALL`` replies with it."""
    return dict(zip(reply[::2], reply[1::2], strict=True))


def subscriptions_in(reply: Sequence[bytes], prefix: str) -> Subscriptions:
    """Return the subscriptions of the client whose hash this is.

    :param prefix: what the names of the connections of this process begin with.
    """
    fields = as_fields(reply)
    return Subscriptions(
        {name: _subscription(fields, name) for name in _named(fields, "since:")},
        _connections(fields, prefix),
        {name: int(fields[b"left:" + name.encode()]) for name in _named(fields, "left:")},
        int(fields.get(b"forgotten", 0)),
        *_ends(fields),
    )


def processes_of(names: Sequence[bytes]) -> set[str]:
    """Return the processes of the connections with these names."""
    return {name.decode().partition("/")[0] for name in names}


def holders_in(reply: Sequence[bytes]) -> set[str]:
    """Return the processes that have connections of the client whose hash this is."""
    fields = as_fields(reply)
    return processes_of(fields.get(b"connections", b"").split())


def waiting_for(digest: str, items: Sequence[bytes]) -> list[str]:
    """Return the texts that wait for a client and were not taken: see ``lua/parts/items.lua``."""
    texts = []
    for item in items:
        head, _, text = item.partition(b"\n")
        _, of, taker, _ = json.loads(head)
        if of == digest and not taker:
            texts.append(text.decode())
    return texts


def _connections(fields: Mapping[bytes, bytes], prefix: str) -> list[str]:
    """Return the names of a client's connections that begin with *prefix*, without the prefix."""
    names = fields.get(b"connections", b"").decode().split()
    return [name.removeprefix(prefix) for name in names if name.startswith(prefix)]


def _named(fields: Iterable[bytes], kind: str) -> list[str]:
    prefix = kind.encode()
    return [name[len(prefix) :].decode() for name in fields if name.startswith(prefix)]


def _ends(fields: Mapping[bytes, bytes]) -> tuple[dict[str, Position], dict[str, Position]]:
    """Return where logs ended when the client left the channels, as far as that is known, and where
    the client's subscriptions to these had begun."""
    ends, begun = {}, {}
    for name in _named(fields, "end:"):
        moment, _, places = fields[b"end:" + name.encode()].partition(b":")
        # A process of an earlier version leaves the field as it was.
        if moment == fields.get(b"left:" + name.encode()):
            end, _, start = places.partition(b" ")
            ends[name] = parse_position(end)
            if start:
                begun[name] = parse_position(start.replace(b"/", b":"))
    return ends, begun


def _subscription(fields: Mapping[bytes, bytes], name: str) -> Subscription:
    since, _, moments = fields[b"since:" + name.encode()].rpartition(b":")
    moment, _, lag = moments.partition(b"-")
    sent = fields.get(b"sent:" + name.encode())
    start = parse_start(since)
    assert start.since is not None
    return Subscription(
        start.since,
        None if sent is None else parse_position(sent),
        int(moment),
        start.past,
        start.by_view,
        int(lag or 0),
    )
