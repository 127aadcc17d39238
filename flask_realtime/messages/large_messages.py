"""Large messages: few of them are in memory at one time, and one is read at a time."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from ..protocol.messages import CALL, Message, parse_message, parsed_size, peek
from ..threads.time_slice import TimeSlice
from .shared_memory_budget import SharedMemoryBudget

# Messages of this size and more count as large. Parsing one of this size takes 0.5 ms, and it
# takes 400 KB of memory at the most.
LARGE_BYTES = 16 * 1024
# How much memory the large messages that are being handled may take together: JSON of 256 KB can
# become 6 MB when it is parsed. Those for one handler may take half of it, and of these those of
# one browser session half. Replies that are being sent may take as much again: see
# writing/slow_replies.py.
HANDLED_BYTES = 32 * 1024 * 1024
# Handlers may wait for each other. So a message that waits for memory is given it once no handler
# of a large message has ended for so many seconds; where only the share of its handler or session
# is used up, once none of these has.
PATIENCE_SECONDS = 10.0
# The beginning of a message's text, and a field after it that tells what handles the message.
_BEGIN = re.compile(r"\s*{")
_FIELD = re.compile(r'\s*"(id|action|method|uri)"\s*:\s*(?:"([^"\\]{0,2000})"|-?\d{1,15})\s*[,}]')
# Escapes of letters and signs that need none in JSON: no honest client writes them.
_DISGUISED = re.compile(r"\\u00[2-7]")


class LargeMessages:
    """Reads messages of ``LARGE_BYTES`` and more, of all sockets of the process."""

    def __init__(self) -> None:
        self._budget = SharedMemoryBudget(HANDLED_BYTES, PATIENCE_SECONDS)

    def look(self, data: str | bytes, time_slice: TimeSlice) -> Message:
        """Parse a message, for a caller that keeps few of its values.

        :param data: the message; bytes become a text once it is their turn.
        :param time_slice: shared by the readers of all sockets of the process.
        :raises InvalidMessage: if *data* is no message.
        """
        with time_slice.alone():
            return parse_message(data if isinstance(data, str) else data.decode())

    @contextmanager
    def hold(
        self,
        data: bytes,
        time_slice: TimeSlice,
        session: str,
        is_wanted: Callable[[], bool] | None = None,
        view_of: Callable[[str, Any], str] = lambda _method, uri: str(uri),
    ) -> Iterator[Message]:
        """Parse *data* for as long as the ``with`` block runs; wait while others take too much.

        :param data: the message as UTF-8. Its text, which may take four times as much memory, is
            made whenever a wait is over, and not kept during the next.
        :param time_slice: shared by the readers of all sockets of the process.
        :param session: the browser session whose message it is.
        :param is_wanted: returns whether the message is still to be handled; asked now and then.
        :param view_of: returns the name of the view to which a call leads, by its method and its
            uri. The calls of one view share what one kind of messages may take.
        :raises InvalidMessage: if *data* is no message.
        :raises NotWanted: if the message is not to be handled any more.
        """
        # This takes 2 ms, and many sockets may want to do it at the same moment.
        with time_slice.alone():
            text = data.decode()
            size, fields = parsed_size(text), _plain_fields(text)
            del text
        if fields is None:
            fields = _telling(self.look(data, time_slice))
        kind = self._kind_of(fields, time_slice, view_of)
        with self._budget.take(size, kind, session, is_wanted):
            yield self.look(data, time_slice)

    def _kind_of(
        self,
        fields: dict[str, Any],
        time_slice: TimeSlice,
        view_of: Callable[[str, Any], str],
    ) -> str:
        """Return what handles a message: its action and, of a call, the view.

        The calls of a slow view hold up no other view, however a client writes them.

        :param fields: the fields of the message that tell it.
        """
        if fields["action"] != CALL:
            return str(fields["action"])
        # The time slice may have to be waited for, and meanwhile only these fields are kept.
        began = time_slice.begin()
        try:
            return f"{CALL} {view_of(str(fields.get('method', 'get')).upper(), fields.get('uri'))}"
        finally:
            time_slice.end(began)


def id_of(message: Message | bytes) -> Any:
    """Return the id of a message; None if it has none, or it is not at the message's beginning."""
    if isinstance(message, Message):
        return message.id
    head = peek(message.decode())
    return None if head is None else head[0]


def _telling(message: Message) -> dict[str, Any]:
    """Return the fields of a parsed message that tell what handles it, as far as they are texts."""
    data = message.data if isinstance(message.data, dict) else {}
    found = {name: data[name] for name in ("method", "uri") if isinstance(data.get(name), str)}
    return {"action": message.action, **found}


def _plain_fields(text: str) -> dict[str, Any] | None:
    """Return the fields that tell what handles a message, without reading all of its text.

    :returns: the action and, of a call, its method and its uri, as far as it has them; None if
        other parts of the text may be them: a key may be there twice, be written in escapes, stand
        behind other fields, or belong to an object within the message.
    """
    fields: dict[str, Any] = {}
    at = _BEGIN.match(text)
    while at is not None and (at := _FIELD.match(text, at.end())) is not None:
        fields[at.group(1)] = at.group(2)
    if "action" not in fields or _DISGUISED.search(text):
        return None
    telling = ("action", "method", "uri") if fields["action"] == CALL else ("action",)
    is_plain = all(text.count(f'"{name}"') == (name in fields) for name in telling)
    return fields if is_plain else None
