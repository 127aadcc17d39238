"""A Redis that a test takes back to an earlier state, with the registries that use it."""

import contextlib

import redis

from flask_realtime import Publisher
from flask_realtime.config.settings import Config
from flask_realtime.protocol.pushes import Push
from flask_realtime.registries.redis.registry import RedisRegistry

from ....contract.recorder import Recorder
from ....eventually import DEADLINE

PLENTY = 1_000_000


class Store:
    """One Redis, and the registries that use it."""

    def __init__(self, url, prefix):
        self.client = redis.Redis.from_url(url)
        self._url = url
        self.prefix = prefix
        self._opened = []

    def open(self, recorder=None, owners=(), **settings):
        """Return the registry of one more process."""
        settings = {f"REALTIME_{name}": value for name, value in settings.items()}
        common = {
            "REALTIME_REDIS": self._url,
            "REALTIME_REDIS_PREFIX": self.prefix,
            # A loaded machine is slow.
            "REALTIME_REDIS_TIMEOUT_SECONDS": DEADLINE,
        }
        registry = RedisRegistry(Config.from_mapping({**common, **settings}))
        registry.start((recorder or Recorder()).receiver(), owners)
        self._opened.append(registry)
        return registry

    def publisher(self):
        """Return a publisher, as a job in another process has one."""
        publisher = Publisher(self._url, prefix=self.prefix, timeout=DEADLINE)
        self._opened.append(publisher)
        return publisher

    def snapshot(self):
        """Return all keys with their values, for :meth:`go_back`."""
        keys = self.client.keys(f"{self.prefix}:*")
        return {key: (max(0, self.client.pttl(key)), self.client.dump(key)) for key in keys}

    def go_back(self, snapshot):
        """Restore the keys of an earlier :meth:`snapshot` without breaking a connection."""
        for key in self.client.keys(f"{self.prefix}:*"):
            self.client.delete(key)
        for key, (lives, value) in snapshot.items():
            self.client.restore(key, lives, value)

    def spoil(self, channel):
        """Make Redis refuse every push on *channel*."""
        self.client.set(f"{self.prefix}:channel:{{{channel}}}:state", "no hash")

    def break_connections(self):
        """Break all connections, as a restart does."""
        self.client.client_kill_filter(_type="normal", skipme=True)

    @contextlib.contextmanager
    def without_its_master(self):
        """Make Redis refuse everything for a while."""
        self.client.config_set("replica-serve-stale-data", "no")
        self.client.replicaof("127.0.0.1", 1)
        try:
            yield
        finally:
            self.client.replicaof("no", "one")
            self.client.config_set("replica-serve-stale-data", "yes")

    def close(self):
        for registry in self._opened:
            registry.close()
        self.client.close()


def push(registry, payload, channel="a"):
    """Push a message, and return the position of the log's tail after that."""
    return registry.publish([Push(channel, payload, None)])[0]


def is_told(registry, cursor):
    """Return whether a reader at that position is told that messages are lost."""
    return registry.read({"a": cursor}, PLENTY, renew=False)["a"].lost
