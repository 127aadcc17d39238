"""The methods of a registry that are about channels."""

from flask_realtime.registries import (
    Arrival,
    ConnectionRecord,
    Disconnect,
    Known,
    LogPage,
    Position,
    Publication,
    Push,
    Registry,
    RegistryEvents,
    Start,
    Subscriptions,
)


class Nowhere(Registry):
    """A registry that keeps nothing, as somebody else might write one."""

    def start(self, events: RegistryEvents) -> None:
        self.events = events

    def close(self) -> None:
        pass

    def publish(self, pushes):
        positions = [Position.start() for _ in pushes]
        for push, position in zip(pushes, positions, strict=True):
            self.events.deliver(Publication(push.channel, position, "", push.payload, push.route))
        return positions

    def announce(self, pushes):
        pass

    def matching(self, pattern):
        return []

    def subscribe(self, digest, channels, grant=None):
        pass

    def rewind(self, digest, channels, last):
        return {name: Start(Position.start()) for name in channels}

    def unsubscribe(self, digest, channels):
        pass

    def subscriptions(self, digests):
        return dict.fromkeys(digests)

    def forget_client(self, digest):
        pass

    def connect(self, digest, name, user=None, sessions=(), asked_at=None):
        return Arrival(None, ())

    def forget_connection(self, record: ConnectionRecord) -> None:
        pass

    def has_ended(self, sessions, heir=""):
        return False

    def refresh(self, records, channels):
        return [record.digest for record in records]

    def restore(self, known: list[tuple[ConnectionRecord, Known]]):
        return [Subscriptions() for _ in known]

    def listen(self, channels):
        pass

    def ignore(self, channels):
        pass

    def read(self, cursors, max_bytes, *, renew=True):
        return {name: LogPage((), Position.start()) for name in cursors}

    def disconnect(self, order: Disconnect) -> None:
        self.events.disconnected(order)

    def end_session(self, session, heir="", age=0, successor=""):
        pass

    def end_user(self, user, channel=None, age=0):
        pass

    def deposit(self, digest, item, heir=""):
        pass

    def collect(self, digest, taker):
        return []

    def health(self):
        return {"registry": "nowhere", "reachable": True, "listening": True, "lag_seconds": None}


def test_registry_may_be_written_with_what_is_exported():
    """A registry can be written with the exported names. Its pushes get ids, since the registry may
    not know whether an earlier attempt succeeded."""
    told = []
    registry = Nowhere()
    registry.start(RegistryEvents(told.append, *[lambda *_: None] * 5))

    registry.publish([Push("a", "1", registry.new_push_id())])
    registry.replay_disconnects({})

    assert [one.channel for one in told] == ["a"]
    assert registry.new_push_id() != registry.new_push_id()
    assert registry.reaches_other_processes
