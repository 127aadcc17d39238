"""A page waits for what was pushed to it, and not for what others are sent."""

from flask_realtime.hub.channels import Channels
from flask_realtime.hub.hub import Hub
from flask_realtime.node.settling import settle

from ..logs import Ear


class Noting:
    """A flusher that notes for which outboxes somebody waits."""

    def __init__(self):
        self.waited = []

    def settle(self, receivers):
        self.waited.append(receivers)


def test_page_waits_for_its_own_sockets():
    """A page in two tabs waits for both, and a page without a socket here for nothing."""
    hub, flusher = Hub(Channels(), lambda names: None), Noting()
    first, second, another = Ear("d1"), Ear("d1"), Ear("d2")
    for ear in (first, second, another):
        hub.add(ear)

    settle(hub, flusher, "d1")
    settle(hub, flusher, "elsewhere")

    assert flusher.waited == [[first.outbox, second.outbox]]
