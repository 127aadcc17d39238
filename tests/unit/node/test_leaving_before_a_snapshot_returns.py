"""A page leaves a channel, and Redis goes back to a snapshot before its process reads of it."""

import pytest

from flask_realtime.errors import RegistryUnavailable
from flask_realtime.hub import reconciler

from ...eventually import eventually
from .test_leaving_unheard import nodes, page, push

__all__ = ["nodes", "page"]


class Snapshot:
    """What Redis knows of a client, to which it goes back."""

    def __init__(self, registry, digest):
        self._pool, self._key = registry._pool, registry._own.get().clients._keys.client(digest)
        (self._dump,) = self._pool.run([("DUMP", self._key)], self._pool.deadline())

    def go_back(self):
        restore = ("RESTORE", self._key, 0, self._dump, "REPLACE")
        assert self._pool.run([restore], self._pool.deadline()) == [b"OK"]


@pytest.mark.parametrize("place", ["here", "elsewhere"])
def test_page_stays_off_a_channel_whose_leave_redis_has_lost(nodes, page, monkeypatch, place):
    """A page leaves a channel, by its own process or by another one. Redis answers nothing more,
    and comes back as it was before: it has the page off the channel all the same, since the page's
    process was told when that was."""
    monkeypatch.setattr(reconciler, "RETRY_SECONDS", 0.1)
    here, elsewhere = nodes
    registry, digest = here.node.registry, page.connection.digest
    snapshot, read, refusals = Snapshot(registry, digest), registry.subscriptions, []

    def refuse(digests):
        refusals.append(digests)
        raise RegistryUnavailable("Away.")

    registry.subscriptions = refuse
    leaves_by = here if place == "here" else elsewhere
    leaves_by.node.registry.unsubscribe(digest, ["left"])
    eventually(lambda: len(refusals) > 1)

    snapshot.go_back()
    registry.subscriptions = read
    here.node._reconciler.restored()
    eventually(lambda: set(read([digest])[digest]) == {"kept"})

    push(elsewhere, "not for us")
    push(elsewhere, "for us", name="kept")
    assert page.receive()["left"]
    assert page.receive_payloads(1) == ["for us"]
