"""The scripts that Redis runs, each as one atomic step; their texts are in ``lua/``."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path

from .resp import Argument

Command = tuple[Argument, ...]

_FOLDER = Path(__file__).with_name("lua")


class Script:
    """One script, called by its digest once a connection has loaded it.

    :param name: the file in ``lua/``.
    :param parts: the files of ``lua/parts/`` that the script uses, each after the parts that it
        uses itself.
    """

    __slots__ = ("sha", "text")

    def __init__(self, name: str, *parts: str) -> None:
        paths = [_FOLDER / "parts" / f"{part}.lua" for part in parts] + [_FOLDER / f"{name}.lua"]
        self.text = b"\n".join(path.read_bytes() for path in paths)
        self.sha = hashlib.sha1(self.text, usedforsecurity=False).hexdigest()

    def __call__(self, keys: Sequence[Argument], arguments: Iterable[Argument] = ()) -> Command:
        """Return the command that runs the script."""
        return ("EVALSHA", self.sha, len(keys), *keys, *arguments)


#: A cluster refuses APPEND, APPEND_ALL and SUBSCRIBE_AT_TAILS, whose keys are in several slots, and
#: UNSUBSCRIBE with the keys of logs.
APPEND = Script("append", "clock", "keep", "log", "append", "list")
APPEND_ALL = Script("append_all", "clock", "keep", "log", "append")
APPEND_IN_SLOT = Script("append_in_slot", "clock", "keep", "log", "append")
CHECK = Script("check", "clock", "keep", "log")
COLLECT = Script("collect", "clock", "session", "items")
CLAIM = Script("claim")
CONNECT = Script("connect", "clock", "session", "client")
DEPOSIT = Script("deposit", "clock", "session", "items")
DISCONNECT = Script("disconnect", "clock")
ENDED_AGO = Script("ended_ago", "clock")
END_SESSION = Script("end_session", "clock", "session", "items")
END_USER = Script("end_user", "clock")
FORGET_CONNECTION = Script("forget_connection", "clock", "session", "client")
LIST = Script("list", "clock", "keep", "list")
LISTED = Script("listed", "clock")
READ = Script("read", "clock", "keep", "log")
REFRESH = Script("refresh", "clock", "session", "client")
RESTORE = Script("restore", "clock", "session", "client")
REWIND = Script("rewind", "clock", "keep", "log", "touch", "rewind")
SUBSCRIBE = Script("subscribe", "clock", "session", "client")
SUBSCRIBE_AT_TAILS = Script(
    "subscribe_at_tails",
    *("clock", "keep", "log", "touch", "rewind", "list", "session", "client"),
)
TOUCH = Script("touch", "clock", "keep", "log", "touch")
UNSUBSCRIBE = Script("unsubscribe", "clock", "client")

_BY_SHA: dict[Argument, Script] = {
    script.sha: script for script in list(globals().values()) if isinstance(script, Script)
}

#: The commands that a new connection sends first, so that no call has to load a script.
LOADING: tuple[Command, ...] = tuple(("SCRIPT", "LOAD", script.text) for script in _BY_SHA.values())


def size_of(command: Command) -> int:
    """Return about how many bytes *command* has when it is sent."""
    return sum([8 if isinstance(argument, int) else len(argument) for argument in command])


def with_text(command: Command) -> Command:
    """Return *command* with the script's text in place of its digest.

    For a Redis that has forgotten the script.
    """
    if command[0] != "EVALSHA":
        return command
    return ("EVAL", _BY_SHA[command[1]].text, *command[2:])
