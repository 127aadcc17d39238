"""Rates and counts: how much one client may ask of this process."""

from __future__ import annotations

import threading
from collections import Counter

from ..threads import clock

# What a client may send at once after a pause, in seconds' worth of its rate.
BURST_SECONDS = 5.0
# The messages that wait may have as many bytes together as this number of messages of the largest
# size, however many may wait. The reader holds one more, as text, which may take four bytes for
# each character.
LARGEST_WAITING = 1
# A message counts as one for each started piece of this size, inflated: to read one of 256 KB takes
# as long as to read thirty small ones.
TOKEN_BYTES = 8 * 1024
# Parsing takes longer where there are many small values: a list of 250 KB that holds lists takes
# 13 ms and more, a text of that size 0.3 ms. So each value counts as so many bytes more.
LIST_BYTES = 20
VALUE_BYTES = 4
# A field in the query of a call counts as so many bytes more: a query of 240 KB may have 120,000
# fields, for which a view waits 0.2 s.
FIELD_BYTES = 20
# Decoding a percent sign in the path of a call, which has 2,000 characters at most, takes as long
# as reading so many bytes.
PERCENT_BYTES = 20
MOST_PERCENTS = 2000
# Decoding a percent-encoded byte, or a field, of a form or a query takes a view as long as reading
# so many bytes. How many there are is known only once the message is read.
DECODING_BYTES = 20
# Messages up to this size take no more than a token's time, whatever they hold.
SMALL_BYTES = 1024
# Reading so many cookies, or escaped characters in them, takes as long as reading a small message.
# Browsers keep about as many cookies at most.
COOKIES = 150
_BEFORE_VALUES = b"{,:"
#: What a client is told whose message is over its rate.
TOO_MANY_MESSAGES = (
    "Too many messages, of which a large one counts as several; this one was not handled. See "
    "REALTIME_MAX_MESSAGES_PER_SECOND."
)


def too_big(most: int) -> str:
    """Return why a socket is closed that sent a message of more than *most* bytes.

    The bundled client, in calls.js, looks for the words before the number.
    """
    return f"Message is larger than {most} bytes"


def tokens_for(data: bytes, cookies: str = "") -> int:
    """Return how many tokens the message *data* takes, by the time that it takes to read it.

    :param data: the message.
    :param cookies: the ``Cookie`` header of the socket, which is read for each message.
    """
    size = len(data)
    if size > SMALL_BYTES:
        # Brackets within texts count as well: to tell them apart takes as long as to parse them.
        size += LIST_BYTES * data.count(b"[") + FIELD_BYTES * data.count(b"&")
        size += VALUE_BYTES * (len(data) - len(data.translate(None, _BEFORE_VALUES)))
    size += PERCENT_BYTES * min(MOST_PERCENTS, data.count(b"%"))
    read_each_time = cookies.count(";") + cookies.count("\\")
    return max(1, -(-size // TOKEN_BYTES)) + read_each_time // COOKIES


def tokens_for_decoding(count: int) -> int:
    """Return how many more tokens a call takes for the fields and percent-encoded bytes that its
    view decodes.

    :param count: how many there are. Scripts send most of these bytes as one character, which is
        encoded here, as browsers do by HTTP.
    """
    return count * DECODING_BYTES // TOKEN_BYTES


class TokenBucket:
    """How much a socket may send: so many tokens a second, and a burst after a pause.

    Messages that are refused fill a second bucket, which runs out at the same rate: a little too
    much is refused for as long as it lasts, far too much fills it.

    :param rate: tokens a second; None: no limit.
    """

    __slots__ = ("_at", "_burst", "_owed", "_paid", "_rate", "_refused", "_tokens")

    def __init__(self, rate: float | None) -> None:
        self._rate = rate
        self._burst = max(1.0, (rate or 0) * BURST_SECONDS)
        self._tokens = self._burst
        self._refused = 0.0
        # The thread that handles messages writes the first, the reader of the socket the second.
        self._owed = self._paid = 0.0
        self._at = clock.monotonic()

    def owe(self, count: int) -> None:
        """Have the next messages wait, since a message took longer than its tokens said.

        :param count: how many tokens were missing. At most a burst of them counts: an honest client
            that has sent nothing for a while may send a message of that size.
        """
        self._owed += min(count, self._burst)

    def take(self, count: int = 1) -> bool:
        """Take *count* tokens; return whether what they are for may be handled now.

        More than a burst is granted from a full bucket, which then is in debt: the largest message
        allowed can always be sent.
        """
        if self._rate is None:
            return True
        now = clock.monotonic()
        gained = (now - self._at) * self._rate
        self._at = now
        self._refused = max(0.0, self._refused - gained)
        self._tokens = min(self._burst, self._tokens + gained)
        owed = self._owed
        self._tokens -= owed - self._paid
        self._paid = owed
        if self._tokens < min(count, self._burst):
            self._refused += count
            return False
        self._tokens -= count
        return True

    @property
    def is_exhausted(self) -> bool:
        """Whether a whole burst was refused on top of the one that was allowed."""
        return self._refused >= self._burst


class PendingLimit:
    """How many messages of one socket may wait to be handled, and how many bytes of them.

    One thread lets messages in, another lets them out.

    :param messages: how many messages may wait.
    :param size: how many bytes they may have together.
    """

    __slots__ = ("_came", "_came_size", "_event", "_messages", "_size", "_went", "_went_size")

    def __init__(self, messages: int, size: int) -> None:
        self._messages = messages
        self._size = size
        # Each of them is changed by one thread alone.
        self._came = self._went = 0
        self._came_size = self._went_size = 0
        self._event: threading.Event | None = None

    @property
    def is_full(self) -> bool:
        """Whether a message has to be let out before another may come in."""
        return (
            self._came - self._went >= self._messages
            or self._came_size - self._went_size >= self._size
        )

    def enter(self, size: int) -> None:
        """Let a message of *size* bytes in."""
        self._came += 1
        self._came_size += size

    def leave(self, size: int) -> None:
        """Let a message of *size* bytes out."""
        self._went += 1
        self._went_size += size
        self.wake()

    def wait(self, seconds: float) -> None:
        """Wait until a message was let out, :meth:`wake` is called, or *seconds* are over."""
        event = self._event = threading.Event()
        if self.is_full:
            event.wait(seconds)

    def wake(self) -> None:
        """Have :meth:`wait` return."""
        event, self._event = self._event, None
        if event is not None:
            event.set()


class ConnectionCount:
    """How many sockets this process holds, in all and of each browser session.

    :param maximum: the most sockets in all; None: no limit.
    :param maximum_per_session: the most sockets of one browser session.
    """

    def __init__(self, maximum: int | None, maximum_per_session: int) -> None:
        self._maximum = maximum
        self._maximum_per_session = maximum_per_session
        self._count = 0
        self._by_session: Counter[str] = Counter()
        self._lock = threading.Lock()

    def enter(self, session: str) -> tuple[int, str] | None:
        """Count one more socket of a session.

        :returns: None; or, if there is no place for it, the status and the reason to refuse it
            with.
        """
        with self._lock:
            if self._maximum is not None and self._count >= self._maximum:
                return 503, (
                    f"This process holds {self._count} sockets, as many as it may "
                    f"(REALTIME_MAX_CONNECTIONS, or what its server leaves room for)."
                )
            held = self._by_session.get(session, 0)
            if held >= self._maximum_per_session:
                return 429, (
                    f"This session has {self._maximum_per_session} sockets open, as many as it "
                    f"may (REALTIME_MAX_CONNECTIONS_PER_SESSION)."
                )
            self._count += 1
            self._by_session[session] = held + 1
            return None

    def leave(self, session: str) -> None:
        """Count one socket less of a session."""
        with self._lock:
            self._count -= 1
            self._by_session[session] -= 1
            if self._by_session[session] <= 0:
                del self._by_session[session]
