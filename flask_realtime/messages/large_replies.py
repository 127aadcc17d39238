"""Large replies: few are made at one time, whoever is to get them."""

from __future__ import annotations

from contextlib import AbstractContextManager, ExitStack

from ..connection.allowance import Allowance
from ..threads.arenas import give_back_memory
from ..writing.outbox import LARGE_REPLY_BYTES

# How many bytes the bodies may have together that the app has made for large replies, and that it
# is about to make.
BODY_BYTES = 16 * 1024 * 1024
# How many of them those for one browser session may have, so that a visitor who calls what takes
# long holds up himself.
BODY_BYTES_OF_SESSION = BODY_BYTES // 4
# How much memory the encoding of large replies may take together.
ENCODING_BYTES = 24 * 1024 * 1024
# How many times a body is in memory while it becomes a frame: as bytes, text, JSON, the reply's
# JSON, and with the head of its frame; and what deflating takes.
COPIES = 6
# Handlers may wait for each other: whoever waits to begin does so until nobody has ended for so
# many seconds.
PATIENCE_SECONDS = 1.0
# Behind a body of this size, what its copies took is given back to the system, which takes a tenth
# of the time that encoding it takes.
GIVEN_BACK_BYTES = 1024 * 1024


class LargeReplies:
    """What the large replies of a process hold until they are on their way.

    How large a reply becomes is known once the app has made it, when it is too late for many to
    wait. So what an endpoint has made before is expected of it again.
    """

    def __init__(self) -> None:
        self.bodies = Allowance(BODY_BYTES, BODY_BYTES_OF_SESSION)
        self.encoding = Allowance(ENCODING_BYTES)
        self._expected: dict[str, int] = {}

    def expected(self, endpoint: str) -> int:
        """Return how many bytes a reply of *endpoint* may have; 0: it is small."""
        return self._expected.get(endpoint, 0)

    def note(self, endpoint: str, size: int) -> None:
        """Note that *endpoint* has made a reply of *size* bytes.

        Smaller ones make it forget larger ones by and by.
        """
        size = max(size, self._expected.get(endpoint, 0) // 2)
        if size >= LARGE_REPLY_BYTES:
            self._expected[endpoint] = size
        else:
            self._expected.pop(endpoint, None)


class ReplyTurn:
    """Waits, for the sake of one reply, until its memory is to be had.

    :param replies: those of the process.
    :param session: the browser session that is to get the reply.
    """

    __slots__ = ("_endpoint", "_expected", "_made", "_replies", "_session", "_size", "_taken")

    def __init__(self, replies: LargeReplies, session: str) -> None:
        self._replies = replies
        self._session = session
        self._endpoint = ""
        self._expected = self._made = self._size = 0
        self._taken: ExitStack | None = None

    def begin(self, endpoint: str) -> None:
        """Wait until *endpoint* may make a reply as large as those that it has made."""
        self._endpoint = endpoint
        self._expected = size = self._replies.expected(endpoint)
        if size:
            self._take(self._replies.bodies.take(size, PATIENCE_SECONDS, self._session))

    def count(self, size: int, *, is_typical: bool) -> None:
        """Count a body of *size* bytes that the app has made, or is making.

        :param is_typical: whether the endpoint is likely to make others as large. An error and a
            redirect tell nothing of what it makes else.
        """
        if is_typical:
            self._replies.note(self._endpoint, size)
        if size >= LARGE_REPLY_BYTES:
            self._made = max(0, size - self._expected)
            self._replies.bodies.add(self._made, self._session)

    def encode(self, size: int) -> None:
        """Wait until a body of *size* bytes may be encoded.

        Nothing that may wait for anything else is done between this and :meth:`end`: no code of the
        app's runs, and nothing is asked of the registry.
        """
        if size >= LARGE_REPLY_BYTES:
            self._size = size
            self._take(self._replies.encoding.take(size * COPIES))

    def end(self) -> None:
        """Let others have the memory: the reply is on its way, or there is none."""
        if self._made:
            self._replies.bodies.add(-self._made, self._session)
        if self._taken is not None:
            self._taken.close()
        if self._size >= GIVEN_BACK_BYTES:
            give_back_memory()

    def _take(self, taking: AbstractContextManager[None]) -> None:
        if self._taken is None:
            self._taken = ExitStack()
        self._taken.enter_context(taking)
