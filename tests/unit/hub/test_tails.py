"""Positions behind which whoever asks now misses nothing."""

from flask_realtime.config.settings import Config
from flask_realtime.hub.channels import Channels
from flask_realtime.hub.delivery import Delivery
from flask_realtime.hub.tails import take_tails
from flask_realtime.protocol.pushes import Push
from flask_realtime.registries.memory.registry import MemoryRegistry


def test_tails_are_read_only_of_channels_that_are_not_heard_here():
    """A channel that this process hears costs no call of the registry."""
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
    """A channel whose log this process has to read is not to be trusted."""
    registry = MemoryRegistry(Config())
    (tail,) = registry.publish([Push("a", "1", None)])
    channels = Channels()
    with channels.lock:
        channels.enter("a")
    delivery = Delivery(channels, lambda names: None, lambda frame, outboxes: None)

    assert take_tails(delivery, registry.read, ["a"]) == {"a": tail}
