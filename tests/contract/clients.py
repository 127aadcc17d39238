"""Helpers for the tests of clients in every registry."""

from flask_realtime.registries.records import ConnectionRecord
from flask_realtime.registries.subscriptions import Known

# A moment before any change of these tests.
MOMENT = 1_000_000


def subscriptions(registry, digest):
    return registry.subscriptions([digest])[digest]


def restored(registry, digest, sent, moment, left=None, name="1"):
    """Have a process write again what it knew of a client.

    :param sent: the client's channels, with the position up to which each was sent.
    :param moment: since when the client was subscribed to them.
    :param left: channels that the client had left, and when.
    :returns: the subscriptions that the client has afterwards.
    """
    known = Known(dict.fromkeys(sent, moment), left or {})
    return registry.restore([(ConnectionRecord(digest, name, sent), known)])[0]
