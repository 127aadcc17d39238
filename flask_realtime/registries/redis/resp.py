"""Redis's protocol (RESP 2): commands to bytes, bytes to replies.

redis-py connects; from then on we read and write ourselves, since every call has one deadline for
all that it sends and receives, which redis-py's timeouts, one a read, cannot give.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

Argument = bytes | str | int

#: What :meth:`ReplyReader.next` returns while the next reply has not come whole.
INCOMPLETE = object()

# How a Redis before 7 says what stopped a script.
_WITHIN_SCRIPT = re.compile(r"ERR Error running script .*?: -([A-Z]+) ")

_BULK, _ARRAY, _INTEGER, _SIMPLE, _ERROR = b"$*:+-"


class ErrorReply(str):
    """An error that Redis replied, such as ``OOM command not allowed …``."""

    __slots__ = ()

    @property
    def code(self) -> str:
        """The word that tells its kind: the first, or of what failed within a script."""
        within = _WITHIN_SCRIPT.match(self)
        return within[1] if within is not None else self.partition(" ")[0]


def pack(commands: Iterable[Sequence[Argument]]) -> bytes:
    """Several commands as the bytes to send."""
    parts: list[bytes] = []
    for command in commands:
        parts.append(b"*%d\r\n" % len(command))
        for argument in command:
            if type(argument) is str:
                # Half a surrogate pair is no UTF-8; JSON text may hold one, and hands it on.
                value = argument.encode("utf-8", "surrogatepass")
            elif type(argument) is int:
                value = b"%d" % argument
            else:
                value = argument  # type: ignore[assignment]
            parts.append(b"$%d\r\n%b\r\n" % (len(value), value))
    return b"".join(parts)


class ReplyReader:
    """Takes bytes in pieces of any size and gives replies: bytes, int, None, list, ErrorReply."""

    __slots__ = ("_chunks", "_data", "_needed", "_open", "_position", "_size")

    def __init__(self) -> None:
        self._data = b""
        self._position = 0
        self._chunks: list[bytes] = []
        self._size = 0
        self._needed = 0
        # Arrays that have begun: what each still wants, and what it has.
        self._open: list[tuple[int, list[Any]]] = []

    def feed(self, data: bytes) -> None:
        """Take what was received."""
        self._chunks.append(data)
        self._size += len(data)

    def next(self) -> Any:
        """The next reply, or ``INCOMPLETE``.

        :raises ValueError: if this is not Redis's protocol.
        """
        if self._chunks and not self._join():
            return INCOMPLETE
        while True:
            value = self._element()
            if value is INCOMPLETE:
                return INCOMPLETE
            if type(value) is _Array and value.wanted:
                self._open.append((value.wanted, []))
                continue
            reply = [] if type(value) is _Array else value
            while self._open:
                wanted, items = self._open[-1]
                items.append(reply)
                if len(items) < wanted:
                    break
                self._open.pop()
                reply = items
            else:
                return reply

    def _join(self) -> bool:
        # A long reply comes in many pieces; to join them at each would copy it again and again.
        waiting = len(self._data) - self._position
        if waiting + self._size < self._needed:
            return False
        self._data = b"".join((self._data[self._position :], *self._chunks))
        self._position = 0
        self._chunks.clear()
        self._size = self._needed = 0
        return True

    def _element(self) -> Any:
        data, start = self._data, self._position
        end = data.find(b"\r\n", start)
        if end < 0:
            self._needed = len(data) - start + 1
            return INCOMPLETE
        kind, line = data[start], data[start + 1 : end]
        if kind == _BULK:
            return self._bulk(int(line), end + 2)
        self._position = end + 2
        if kind == _INTEGER:
            return int(line)
        if kind == _SIMPLE:
            return line
        if kind == _ARRAY:
            wanted = int(line)
            return None if wanted < 0 else _Array(wanted)
        if kind == _ERROR:
            return ErrorReply(line.decode(errors="replace"))
        raise ValueError(f"{data[start:end][:40]!r} is not Redis's protocol.")

    def _bulk(self, length: int, start: int) -> Any:
        if length < 0:
            self._position = start
            return None
        end = start + length
        if len(self._data) < end + 2:
            self._needed = end + 2 - self._position
            return INCOMPLETE
        self._position = end + 2
        return self._data[start:end]


class _Array:
    """An array's beginning: how many elements follow."""

    __slots__ = ("wanted",)

    def __init__(self, wanted: int) -> None:
        self.wanted = wanted
