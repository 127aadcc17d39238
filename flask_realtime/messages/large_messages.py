"""Large messages: few of them are in memory at one time, and one is read at a time."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from ..connection.shared_memory_budget import SharedMemoryBudget
from ..protocol.messages import CALL, Message, parse_message, parsed_size, peek
from ..threads.time_slice import TimeSlice

# Messages of this size and more count as large. Parsing one of this size takes 0.5 ms, and it
# takes 400 KB of memory at the most.
LARGE_BYTES = 16 * 1024
# How much memory the large messages that are being handled may take together: JSON of 256 KB can
# become 6 MB when it is parsed. Those for one handler may take half of it, and of these those of
# one browser session half. Replies that are being sent may take as much again: see
# writing/slow_replies.py.
HANDLED_BYTES = 32 * 1024 * 1024
# Handlers may wait for each other: who waits for memory is given it once no handler of a large
# message has ended for so many seconds, or none of its own kind or session where only their share
# is used up.
PATIENCE_SECONDS = 10.0
# Within how many characters the address of a call is looked for.
ADDRESS_WITHIN = 2000
_ADDRESS = re.compile(r'"uri"\s*:\s*"([^"\\]*)"')
# How JSON writes letters and signs that need no escape: no honest client does.
_DISGUISED = re.compile(r"\\u00[2-7]")


class LargeMessages:
    """Reads messages of ``LARGE_BYTES`` and more, of all sockets of the process."""

    def __init__(self) -> None:
        self._budget = SharedMemoryBudget(HANDLED_BYTES, PATIENCE_SECONDS)

    def look(self, text: str, time_slice: TimeSlice) -> Message:
        """Parse *text*, of whose values the caller keeps few.

        :param time_slice: that of the sockets' readers.
        :raises InvalidMessage: if it is no message.
        """
        with time_slice.alone():
            return parse_message(text)

    @contextmanager
    def hold(
        self,
        data: bytes,
        time_slice: TimeSlice,
        session: str,
        is_wanted: Callable[[], bool] | None = None,
        view_of: Callable[[str], str] = str,
    ) -> Iterator[Message]:
        """Parse *data* for as long as the ``with`` block runs; wait while others take too much.

        :param data: the message as UTF-8. Its text, which may take four times as much memory, is
            made once the wait is over.
        :param time_slice: that of the sockets' readers.
        :param session: the browser session whose message it is.
        :param is_wanted: returns whether the message is still to be handled; asked now and then.
        :param view_of: returns the name of the view to which the address of a call leads. The calls
            of one view share what one kind of messages may take.
        :raises InvalidMessage: if it is no message.
        :raises NotWanted: if it is not to be handled any more.
        """
        text = data.decode()
        size, kind = parsed_size(text), self._kind_of(text, time_slice, view_of)
        del text
        with self._budget.take(size, kind, session, is_wanted):
            yield self.look(data.decode(), time_slice)

    def _kind_of(self, text: str, time_slice: TimeSlice, view_of: Callable[[str], str]) -> str:
        """Return what handles a message: its action and, of a call, the view.

        The calls of a slow view hold up no other view, however a client writes them.
        """
        action, address = _target(text) or self._parsed_target(text, time_slice)
        return action if action != CALL else f"{action} {view_of(address)}"

    def _parsed_target(self, text: str, time_slice: TimeSlice) -> tuple[str, str]:
        message = self.look(text, time_slice)
        data = message.data if isinstance(message.data, dict) else {}
        return message.action, str(data.get("uri", ""))


def id_of(message: Message | bytes) -> Any:
    """Return the id of a message; None if it has none, or it is not at the message's beginning."""
    if isinstance(message, Message):
        return message.id
    head = peek(message.decode())
    return None if head is None else head[0]


def _target(text: str) -> tuple[str, str] | None:
    """Return the action of a message and the address of a call without reading all of it.

    :returns: None if other parts of the text may be them: a key may be there twice, or be written
        in escapes, or belong to an object within the message.
    """
    head = peek(text)
    if head is None or text.count('"action"') > 1 or _DISGUISED.search(text):
        return None
    action = head[1]
    if action != CALL:
        return action, ""
    address = _ADDRESS.search(text, 0, ADDRESS_WITHIN) if text.count('"uri"') == 1 else None
    return None if address is None else (action, address.group(1))
