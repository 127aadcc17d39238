"""A registry that refuses to record ends of sessions and users, and a process that records its own
acts."""

from flask_realtime.config.settings import Config
from flask_realtime.errors import RegistryUnavailable
from flask_realtime.registries.memory.registry import MemoryRegistry
from flask_realtime.registries.records import Disconnect, SessionEnd, UserEnd

BAN = [UserEnd("42"), Disconnect(user="42")]


class Refusing(MemoryRegistry):
    """A registry that refuses the ends named in ``refused``, and records the others."""

    def __init__(self):
        super().__init__(Config())
        self.refused = set()
        self.tried, self.taken, self.ages = [], [], []

    def end_session(self, session, heir="", age=0, successor=""):
        had_ended = any(
            isinstance(one, SessionEnd) and one.session == session for one in self.taken
        )
        self._take(SessionEnd(session, heir, successor))
        return had_ended

    def end_user(self, user, channel=None, age=0):
        self.ages.append(age)
        self._take(UserEnd(user, channel))

    def disconnect(self, order):
        self._take(order)

    def _take(self, end):
        self.tried.append(end)
        if end in self.refused:
            raise RegistryUnavailable("It refuses to write.")
        self.taken.append(end)


class Here:
    """A process that records what is done in it."""

    def __init__(self):
        self.done = []

    def end_session(self, session, heir):
        self.done.append(SessionEnd(session, heir))

    def disconnect(self, order):
        self.done.append(order)

    def unsubscribe(self, user, channel, when):
        self.done.append(UserEnd(user, channel))
