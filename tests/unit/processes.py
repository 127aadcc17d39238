"""A process without sockets, for tests of requests."""

from __future__ import annotations

from flask_realtime.config.settings import Config
from flask_realtime.errors import RegistryUnavailable
from flask_realtime.hub.channels import Channels
from flask_realtime.hub.delivery import Delivery
from flask_realtime.hub.tails import take_tails
from flask_realtime.registries.memory.registry import MemoryRegistry
from flask_realtime.registries.records import RegistryEvents
from flask_realtime.session.endings import Endings
from flask_realtime.session.known_ends import KnownEnds


class NotingRegistry(MemoryRegistry):
    """A registry in memory that records which clients were ever subscribed."""

    def __init__(self, config):
        super().__init__(config)
        self.digests = []

    def subscribe(self, digest, channels, grant=None):
        self.digests.append(digest)
        super().subscribe(digest, channels, grant)


class Process:
    """Holds a registry in memory, and records what the registry tells its process."""

    def __init__(self, config=None):
        self.registry = NotingRegistry(config or Config())
        self.disconnected = []
        self.unsubscribed = []
        # Called when sockets are disconnected, before anything else happens.
        self.when_disconnected = lambda: None
        # Whether the session of each request ended a moment before.
        self.is_repeated = False
        self.known_ends = KnownEnds()
        self._delivery = Delivery(Channels(), lambda names: None, lambda frame, outboxes: None)
        self._endings = Endings(self.registry, self)
        self.registry.start(
            RegistryEvents(
                deliver=lambda publication: None,
                changed=lambda *about: None,
                disconnected=self._note_disconnect,
                unsubscribed=lambda user, channel, _: self.unsubscribed.append((user, channel)),
                interrupted=lambda: None,
                restored=lambda: None,
            )
        )

    def tails(self, names):
        return take_tails(self._delivery, self.registry.read, names)

    def settle(self, digest):
        """There is nothing to wait for: this process has no sockets."""

    def end(self, ends, seconds=None):
        return self._endings.run(ends)

    def has_ended(self, sessions, heir):
        try:
            return self.registry.has_ended(sessions, heir)
        except RegistryUnavailable:
            return None

    def has_just_ended(self, sessions, since=None):
        return self.is_repeated and since is None

    # What the registry tells is written down, and not what is done before it is asked.

    def end_session(self, session, heir):
        pass

    def disconnect(self, order):
        pass

    def unsubscribe(self, user, channel, when):
        pass

    def _note_disconnect(self, order):
        self.disconnected.append(order)
        self.when_disconnected()

    def close(self):
        self._endings.close()
        self.registry.close()
