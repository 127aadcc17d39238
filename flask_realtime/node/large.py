"""Large messages: few of them are in memory at one time, and one is read at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ..connection.limits import Allowance
from ..protocol.messages import Message, parse_message, parsed_size
from ..threads.turns import Turns

# To read a message of this size takes a tenth of a turn; parsed, it takes 400 KB at most.
LARGE_BYTES = 16 * 1024
# What the large messages that are being handled may take together, parsed: JSON of 256 KB can
# become 6 MB. A reply that is being sent has as much again, see writing/stalled.py.
HANDLED_BYTES = 32 * 1024 * 1024


class LargeMessages:
    """Reads messages of ``LARGE_BYTES`` and more, of all sockets of the process."""

    def __init__(self) -> None:
        self._allowance = Allowance(HANDLED_BYTES)

    def look(self, text: str, turns: Turns) -> Message:
        """Parse *text*, of which little is kept.

        :param turns: those of the sockets' readers.
        :raises InvalidMessage: if it is no message.
        """
        with turns.alone():
            return parse_message(text)

    @contextmanager
    def hold(self, text: str, turns: Turns) -> Iterator[Message]:
        """Have the message in *text* parsed within this; wait while others take too much.

        :param turns: those of the sockets' readers.
        :raises InvalidMessage: if it is no message.
        """
        with self._allowance.take(parsed_size(text)):
            yield self.look(text, turns)
