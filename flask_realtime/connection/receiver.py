"""What receives the messages of one socket."""

from __future__ import annotations

from typing import Protocol


class Receiver(Protocol):
    """Is told what becomes of one socket, on the thread that reads it."""

    def opened(self) -> None:
        """The 101 is on its way."""

    def received(self, message: str | bytes) -> None:
        """A message has come whole: a text, or the bytes of a binary one."""

    def takes_frame(self) -> bool:
        """Return whether one more frame, of a message or of the protocol's own, is heeded."""

    def closed(self) -> None:
        """The socket has ended."""
