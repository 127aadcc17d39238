"""One process with one connection, for the tests of the reconciler."""

from flask_realtime.config.settings import Config
from flask_realtime.hub.channel_catch_up import ChannelCatchUp
from flask_realtime.hub.channels import Channels
from flask_realtime.hub.connection_catch_up import ConnectionCatchUp
from flask_realtime.hub.delivery import Delivery
from flask_realtime.hub.hub import Hub
from flask_realtime.hub.reconciler import Reconciler
from flask_realtime.protocol.pushes import Push
from flask_realtime.registries.memory.registry import MemoryRegistry
from flask_realtime.registries.memory.store import MemoryStore
from flask_realtime.registries.records import RegistryEvents

from ..logs import Ear, post


class Guest(Ear):
    """The part of a connection that the reconciler uses."""

    name = "1"
    opened_at = 0.0

    def sent(self, reached):
        return dict(reached)


class Forgetful(MemoryRegistry):
    """A registry in memory that loses its data when it is told to."""

    def forget(self):
        store, empty = self._own.get(), MemoryStore(Config())
        for name in ("logs", "clients", "waiting", "sessions", "users", "heard"):
            setattr(store, name, getattr(empty, name))


class House:
    """One connection of one client on channel "a", with the parts of a process around it.

    Jobs are not run by themselves: they wait in *jobs*.
    """

    def __init__(self, registry):
        self.registry = registry
        channels = Channels()
        self.delivery = Delivery(channels, lambda names: self.reconciler.recover(names), post)
        self.hub = Hub(channels, registry.ignore)
        self.channel_catch_up = ChannelCatchUp(self.delivery, registry.listen, registry.read)
        self.catch_up = ConnectionCatchUp(
            self.hub, self.delivery, self.channel_catch_up, registry.read
        )
        self.jobs = []
        self.reconciler = Reconciler(
            self.hub, self.delivery, self.channel_catch_up, registry, self._enter, lambda: None
        )
        registry.start(
            RegistryEvents(
                deliver=self.delivery.deliver,
                changed=self.reconciler.changed,
                disconnected=lambda order: None,
                unsubscribed=lambda *left: None,
                interrupted=lambda: None,
                restored=self.reconciler.restored,
            )
        )
        self.guest = Guest("d1")
        registry.subscribe("d1", ["a"])
        self.enter(self.guest, self.arrive(self.guest))
        self.jobs.clear()

    def arrive(self, guest, is_new=True):
        """Connect the client in the registry, and return its subscriptions."""
        if is_new:
            self.hub.add(guest)
        subscriptions = self.registry.connect(guest.digest, guest.name).subscriptions
        self.hub.note(guest, subscriptions)
        return subscriptions

    def enter(self, guest, subscriptions):
        """Bring the connection onto its first channels, and then apply what has changed
        meanwhile."""
        self.hub.invite(guest, {name: one.since for name, one in subscriptions.items()})
        self.catch_up.run(guest)
        if self.hub.mark_subscribed(guest):
            self.reconciler.changed(guest.digest)

    def work(self):
        self.catch_up.run(self.guest)
        self.jobs.clear()

    def push(self, payload, channel):
        self._number = getattr(self, "_number", 0) + 1
        self.registry.publish([Push(channel, f'"{payload}"', f"push-{self._number}")])

    def _enter(self, connection, subscriptions):
        starts = {name: one.begins for name, one in subscriptions.items()}
        self.hub.invite(connection, starts, subscriptions.with_past)
        self.jobs.append(starts)
