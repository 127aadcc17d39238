"""Positions behind which a page that subscribes now misses nothing."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from ..protocol.positions import Position
from ..registries.records import LogPage
from .delivery import Delivery


def take_tails(
    delivery: Delivery,
    read: Callable[[Mapping[str, Position | None], int], Mapping[str, LogPage]],
    names: Collection[str],
) -> dict[str, Position]:
    """Return a position for each channel behind which a page misses nothing from now on.

    For a channel that this process hears it is the position up to which the channel was delivered
    here. Only the positions of other channels are read from the registry.

    :param read: the registry's reader.
    :raises RegistryUnavailable: if Redis did not answer in time.
    """
    found = delivery.live_tails(names)
    missing: dict[str, Position | None] = {name: None for name in names if name not in found}
    if missing:
        found.update((name, page.tail) for name, page in read(missing, 1).items())
    return found
