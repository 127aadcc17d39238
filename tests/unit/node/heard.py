"""An app whose handlers and hooks record what they are told."""

import threading

from flask_realtime import Realtime

from ...eventually import DEADLINE
from .nodes import node_of


class Heard:
    """An app that answers messages, and records what it is told."""

    def __init__(self, **settings):
        self.told = []
        self.running = threading.Event()
        self.gate = threading.Event()
        self.realtime = Realtime()
        self.realtime.on_join(lambda: self.note("joined"))
        self.realtime.on_leave(lambda: self.note("left"))
        self.realtime.handler("echo")(lambda data: data)
        self.realtime.handler("wait")(self._wait)
        self.realtime.handler("much")(lambda data: "x" * 2_000_000)
        self.realtime.handler("log-out")(self._log_out)
        self.node = node_of(realtime=self.realtime, **settings)

    def note(self, what):
        self.told.append((what, self.realtime.socket.is_resumed))

    def _wait(self, data):
        self.running.set()
        return str(self.gate.wait(DEADLINE))

    def _log_out(self, data):
        self.realtime.socket.disconnect()
        return "good-bye"
