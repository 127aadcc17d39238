"""Redis's protocol (RESP 2): commands to bytes, and bytes to replies; hiredis does the work.

redis-py connects and logs in. From then on this package reads and writes by itself, because one
deadline has to cover all that a call sends and receives; redis-py's timeouts cover one read each.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Sequence

import hiredis

Argument = bytes | str | int

#: What the reader's ``gets()`` returns until the next reply has arrived completely.
INCOMPLETE = object()

_pack_command: Callable[[tuple[Argument, ...]], bytes] = hiredis.pack_command  # type: ignore[assignment]

# How Redis before 7 reports the error that stopped a script.
_WITHIN_SCRIPT = re.compile(r"ERR Error running script .*?: -([A-Z]+) ")

# What a script reports that Redis would not let run, whatever the data are: an administrator has
# changed what this package may do, say, or ended a script that was slow. The words of Redis 7, and
# of those before.
_FOR_ANY_DATA = re.compile(
    r"ACL failure|executing the script can't|[Uu]nknown (Redis )?command|attempted to access|"
    r"killed by user"
)


class ErrorReply(str):
    """An error that Redis replied, such as ``OOM command not allowed …``."""

    __slots__ = ()

    @property
    def code(self) -> str:
        """The first word of the error, which tells its kind.

        If a command within a script failed, it is the first word of that command's error.
        """
        within = _WITHIN_SCRIPT.match(self)
        return within[1] if within is not None else self.partition(" ")[0]

    @property
    def is_of_data(self) -> bool:
        """Whether Redis refused a command for what it has under the command's keys: they are of
        another type, or a script cannot read them."""
        is_of_script = self.code == "ERR" and "user_script:" in self
        return self.code == "WRONGTYPE" or (is_of_script and not _FOR_ANY_DATA.search(self))


def pack(commands: Iterable[Sequence[Argument]]) -> bytes:
    """Return the bytes that send *commands*, one after the other.

    :raises UnicodeEncodeError: if an argument holds half of a surrogate pair.
    """
    return b"".join([_pack_command(tuple(command)) for command in commands])


def make_reader() -> hiredis.Reader:
    """Return a reader whose replies are bytes, int, None, list and :class:`ErrorReply`."""
    return hiredis.Reader(replyError=ErrorReply, notEnoughData=INCOMPLETE)  # type: ignore[arg-type]


def refused_with(codes: Collection[str], replies: Sequence[object]) -> list[int]:
    """Return the indices of those of *replies* that are errors with one of *codes*."""
    return [
        index
        for index, reply in enumerate(replies)
        if type(reply) is ErrorReply and reply.code in codes
    ]
