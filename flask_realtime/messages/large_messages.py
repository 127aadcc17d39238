"""Large messages: few of them are in memory at one time, and one is read at a time."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from typing import Any

from ..connection.shared_memory_budget import SharedMemoryBudget
from ..protocol.messages import Message, parse_message, parsed_size, peek
from ..threads.turns import Turns

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
# Within how many characters the path of a call is looked for, and among how many of its parts the
# one that tells the view: before it stands the prefix under which the app is mounted.
PATH_WITHIN = 2000
PARTS = 3
_PATH = re.compile(r'"uri"\s*:\s*"(?:https?://[^/"]*)?/?([^?#"\\]{0,200})')
# How JSON writes letters and signs that need no escape: no honest client does.
_DISGUISED = re.compile(r"\\u00[2-7]")


class LargeMessages:
    """Reads messages of ``LARGE_BYTES`` and more, of all sockets of the process."""

    def __init__(self) -> None:
        self._budget = SharedMemoryBudget(HANDLED_BYTES, PATIENCE_SECONDS)

    def look(self, text: str, turns: Turns) -> Message:
        """Parse *text*, of whose values the caller keeps few.

        :param turns: those of the sockets' readers.
        :raises InvalidMessage: if it is no message.
        """
        with turns.alone():
            return parse_message(text)

    @contextmanager
    def hold(
        self,
        data: bytes,
        turns: Turns,
        session: str,
        is_wanted: Callable[[], bool] | None = None,
        places: Collection[str] = (),
    ) -> Iterator[Message]:
        """Parse *data* for as long as the ``with`` block runs; wait while others take too much.

        :param data: the message as UTF-8. Its text, which may take four times as much memory, is
            made once the wait is over.
        :param turns: those of the sockets' readers.
        :param session: the browser session whose message it is.
        :param is_wanted: returns whether the message is still to be handled; asked now and then.
        :param places: the first parts of the paths of the app's routes. Calls of each count as one
            kind, and all others as one together: a client can make up any number of them.
        :raises InvalidMessage: if it is no message.
        :raises NotWanted: if it is not to be handled any more.
        """
        size, kind = _measure(data.decode(), places)
        with self._budget.take(size, kind, session, is_wanted):
            yield self.look(data.decode(), turns)


def id_of(message: Message | bytes) -> Any:
    """Return the id of a message; None if it has none, or it is not at the message's beginning."""
    if isinstance(message, Message):
        return message.id
    head = peek(message.decode())
    return None if head is None else head[0]


def _measure(text: str, places: Collection[str]) -> tuple[int, str]:
    return parsed_size(text), _kind_of(text, places)


def _kind_of(text: str, places: Collection[str]) -> str:
    """Return what handles a message, as far as its beginning tells.

    That is the action and, of a call, the first part of the path: the calls of a slow view hold up
    no view that stands elsewhere. Where several parts of the text may be the path, or one that is
    not seen here, none of them counts.
    """
    action = (peek(text) or ("", ""))[1]
    if action != "call-route" or text.count('"uri"') != 1 or _DISGUISED.search(text):
        return action
    path = _PATH.search(text, 0, PATH_WITHIN)
    parts = path.group(1).split("/")[:PARTS] if path is not None else []
    return f"{action} {next((one for one in parts if one in places), '')}"
