"""A hub and a delivery that share channels over one log, as in a process."""

from flask_realtime.hub.channel_catch_up import ChannelCatchUp
from flask_realtime.hub.channels import Channels
from flask_realtime.hub.delivery import Delivery
from flask_realtime.hub.hub import Hub
from flask_realtime.protocol.routes import TO_ALL

from ..logs import Log, Reader, post


class Board:
    """The channel ``room``, its log, and a record of the calls that hub and delivery make."""

    def __init__(self):
        self.log = Log("room")
        self.reader = Reader(self.log)
        self.listened, self.ignored, self.paused = [], [], []
        self.channels = Channels()
        self.delivery = Delivery(self.channels, self.paused.extend, post, self.spread)
        self.hub = Hub(self.channels, self.ignored.extend)
        self.channel_catch_up = ChannelCatchUp(self.delivery, self.listened.extend, self.reader)

    def spread(self, name, listeners):
        """Return a spread of one second for each listener of the channel."""
        return 1000 * listeners if name == "room" else 0

    def put(self, ear, at=None):
        """Bring a connection onto the channel, on which it receives pushes."""
        self.hub.add(ear)
        self.hub.invite(ear, {"room": at or self.log.tail})
        self.hub.enter(ear)
        self.channel_catch_up.run(["room"], 5)
        assert self.hub.step(ear, "room", at or self.log.tail) == []
        return ear

    def push(self, payload, route=TO_ALL):
        self.delivery.deliver(self.log.append(payload, route))
