"""Ties together what puts the sockets of one process on channels, and keeps them in step."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from ..hub.channel_catch_up import ChannelCatchUp
from ..hub.channels import Channels
from ..hub.connection_catch_up import ConnectionCatchUp
from ..hub.delivery import Delivery
from ..hub.hub import Hub
from ..hub.reconciler import Reconciler
from ..registries.base import Registry
from ..registries.subscriptions import Subscriptions
from ..writing.flusher import Flusher
from .resumption import Resumption


class ChannelParts:
    """The parts of a process that know its channels, and who is on them.

    :param registry: this process's registry.
    :param flusher: writes to the sockets of this process.
    :param spread: see :class:`.Delivery`.
    """

    def __init__(
        self, registry: Registry, flusher: Flusher, spread: Callable[[str, int], int]
    ) -> None:
        channels = Channels()
        #: Hands out what is published.
        self.delivery = Delivery(
            channels, lambda names: self.reconciler.recover(names), flusher.post, spread
        )
        #: Knows the connections of this process, and puts them on channels.
        self.hub = Hub(channels, registry.ignore)
        #: Reads the logs of paused channels.
        self.channel_catch_up = ChannelCatchUp(
            self.delivery, registry.listen, partial(registry.read, renew=True)
        )
        #: Keeps all of this in step with the registry.
        self.reconciler = Reconciler(
            self.hub, self.delivery, self.channel_catch_up, registry, self._enter, flusher.settle
        )
        read = partial(registry.read, renew=False)
        #: Puts sockets on the channels of their clients.
        self.resumption = Resumption(
            self.hub,
            ConnectionCatchUp(self.hub, self.delivery, self.channel_catch_up, read),
            registry,
            self.reconciler.changed,
            self.reconciler.unnoted_kicks,
        )

    def _enter(self, connection: Any, subscriptions: Subscriptions) -> None:
        self.resumption.enter(connection, subscriptions)
