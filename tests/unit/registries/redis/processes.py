"""Processes that announce orders to close sockets to each other."""

import math
from dataclasses import replace

from flask_realtime.errors import CloseCode
from flask_realtime.registries.records import Disconnect, RegistryEvents
from flask_realtime.registries.redis.address import RedisAddress
from flask_realtime.registries.redis.connection import Deadline
from flask_realtime.registries.redis.disconnects import RedisDisconnects
from flask_realtime.registries.redis.keys import RedisKeys
from flask_realtime.registries.redis.pool import RedisPool

from ....eventually import DEADLINE

ORDERS = [
    Disconnect("digest"),
    Disconnect(session="s", code=4001),
    Disconnect(user="a%3Ab"),
    Disconnect(session="s", code=4001, is_left=True),
]
#: What the tombstones lead to in these tests.
EVERYBODY = Disconnect(code=CloseCode.SERVICE_RESTART)


class Process:
    """One process that announces orders, and carries out those of others."""

    def __init__(self, url, prefix, name):
        self.told = []
        keys = RedisKeys(prefix)
        self.pool = RedisPool(RedisAddress(url, "url", DEADLINE), DEADLINE)
        self.part = RedisDisconnects(self.pool, keys, name)
        self.events = RegistryEvents(
            *[lambda *_: None] * 2,
            self.told.append,
            lambda *about: self.told.append(about),
            *[lambda: None] * 2,
        )
        self.part.begin(Deadline(DEADLINE))

    def announce(self, order):
        self.part.announce(order, Deadline(DEADLINE))

    def announce_many(self, count):
        """Announce more orders than are kept; Redis drops a hundred at once."""
        for number in range(count):
            self.announce(Disconnect(f"digest-{number}"))

    def catch_up(self):
        """Carry out what was missed; the times at which orders were given are in ``moments``."""
        first = len(self.told)
        self.part.catch_up(self.events, lambda deaf_for: [EVERYBODY], Deadline(DEADLINE))
        self.moments = [one.opened_before for one in self.told[first:]]
        self.told[first:] = [replace(one, opened_before=math.inf) for one in self.told[first:]]

    def hear(self, data):
        self.part.hear(data, self.events)()
