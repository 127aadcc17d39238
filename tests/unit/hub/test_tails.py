"""The positions from which a new subscription misses nothing."""

from flask_realtime.config.settings import Config
from flask_realtime.hub.channels import Channels
from flask_realtime.hub.delivery import Delivery
from flask_realtime.hub.tails import take_tails
from flask_realtime.protocol.pushes import Push
from flask_realtime.registries.memory.registry import MemoryRegistry


def test_tails_are_read_only_of_channels_that_are_not_heard_here():
    """The tail of a channel that this process follows needs no call of the registry."""
    registry = MemoryRegistry(Config())
    (heard,) = registry.publish([Push("heard", "1", None)])
    (elsewhere,) = registry.publish([Push("elsewhere", "1", None)])
    channels = Channels()
    delivery = Delivery(channels, lambda names: None, lambda frame, outboxes: None)
    with channels.lock:
        channels.enter("heard")
        channel = channels.get("heard")
        channel.restart(heard)
        channel.is_paused = False
    asked = []

    def read(cursors, max_bytes):
        asked.append(list(cursors))
        return registry.read(cursors, max_bytes)

    found = take_tails(delivery, read, ["heard", "elsewhere"])

    assert found == {"heard": heard, "elsewhere": elsewhere}
    assert asked == [["elsewhere"]]


def test_tails_of_a_channel_that_stands_still_are_read():
    """The tail of a paused channel is read from its log."""
    registry = MemoryRegistry(Config())
    (tail,) = registry.publish([Push("a", "1", None)])
    channels = Channels()
    with channels.lock:
        channels.enter("a")
    delivery = Delivery(channels, lambda names: None, lambda frame, outboxes: None)

    assert take_tails(delivery, registry.read, ["a"]) == {"a": tail}
