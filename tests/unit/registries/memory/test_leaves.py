"""A client leaves a channel behind what was published there before."""

import threading

from flask_realtime.protocol.pushes import Push
from flask_realtime.registries.records import RegistryEvents
from tests.eventually import DEADLINE


def receiver(deliver, changed):
    def nothing(*_):
        pass

    return RegistryEvents(deliver, changed, nothing, nothing, nothing, nothing)


def test_client_leaves_behind_what_was_published_before(registry):
    """Something is published, and the client leaves at once. It is off the channel once that was
    delivered, and before unsubscribe() returns. Until then its subscriptions say so."""
    told, has_left = [], threading.Event()

    def deliver(publication):
        # Long enough for the other thread, if that does not wait.
        has_left.wait(0.2)
        told.append((publication.payload, sorted(registry.subscriptions(["d1"])["d1"])))

    def changed(digest, left=()):
        if left:
            has_left.set()
            told.append(left)

    registry.start(receiver(deliver=deliver, changed=changed))
    registry.listen(["a"])
    registry.subscribe("d1", ["a"])
    registry.connect("d1", "1")
    registry.publish([Push("a", "1", "1"), Push("a", "2", "2")])

    registry.unsubscribe("d1", ["a"])

    assert told == [("1", ["a"]), ("2", ["a"]), ["a"]]


def test_who_hears_of_a_publication_may_take_a_client_off_its_channel(registry):
    """What takes publications takes a client off a channel; it does not wait for itself."""
    told, is_done = [], threading.Event()

    def deliver(publication):
        if publication.payload == "1":
            registry.unsubscribe("d1", ["a"])
        told.append(publication.payload)
        if publication.payload == "2":
            is_done.set()

    registry.start(receiver(deliver=deliver, changed=lambda *about: told.extend(about)))
    registry.connect("d1", "1")
    registry.listen(["a"])
    registry.publish([Push("a", "1", "1"), Push("a", "2", "2")])

    assert is_done.wait(DEADLINE)
    assert told == ["d1", ["a"], "1", "2"]
