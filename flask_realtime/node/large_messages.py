"""Large messages: few of them are in memory at one time, and one is read at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ..connection.allowance import Allowance
from ..protocol.messages import Message, parse_message, parsed_size
from ..threads.turns import Turns

# Messages of this size and more count as large. Parsing one of this size takes 0.5 ms, and it
# takes 400 KB of memory at the most.
LARGE_BYTES = 16 * 1024
# How much memory the large messages that are being handled may take together: JSON of 256 KB can
# become 6 MB when it is parsed. Replies that are being sent may take as much again: see
# writing/poller.py.
HANDLED_BYTES = 32 * 1024 * 1024
# How much of it those of one browser session may take, so that a visitor whose messages take long
# to handle holds up himself.
HANDLED_BYTES_OF_SESSION = HANDLED_BYTES // 4
# Handlers may wait for each other: who waits for memory is given it once no handler of a large
# message has ended for so many seconds, or none of its own session where only the session's share
# is used up.
PATIENCE_SECONDS = 10.0


class LargeMessages:
    """Reads messages of ``LARGE_BYTES`` and more, of all sockets of the process."""

    def __init__(self) -> None:
        self._allowance = Allowance(HANDLED_BYTES, HANDLED_BYTES_OF_SESSION)

    def look(self, text: str, turns: Turns) -> Message:
        """Parse *text*, of whose values the caller keeps few.

        :param turns: those of the sockets' readers.
        :raises InvalidMessage: if it is no message.
        """
        with turns.alone():
            return parse_message(text)

    @contextmanager
    def hold(
        self, text: str, turns: Turns, session: str, is_wanted: Callable[[], bool] | None = None
    ) -> Iterator[Message]:
        """Parse *text* for as long as the ``with`` block runs; wait while others take too much.

        :param turns: those of the sockets' readers.
        :param session: the browser session whose message it is.
        :param is_wanted: returns whether the message is still to be handled; asked now and then.
        :raises InvalidMessage: if it is no message.
        :raises NotWanted: if it is not to be handled any more.
        """
        with self._allowance.take(parsed_size(text), PATIENCE_SECONDS, session, is_wanted):
            yield self.look(text, turns)
