"""What receives the messages of one socket."""

from __future__ import annotations

from typing import Protocol


class Receiver(Protocol):
    """Is told what happens to one socket, on the thread that reads the socket."""

    def opened(self) -> None:
        """Called when the 101 is on its way to the peer."""

    def received(self, message: str | bytes) -> None:
        """Called with each complete message: a text, or the bytes of a binary message."""

    def takes_frame(self) -> bool:
        """Return whether one more frame is read; False over the limit of the socket's rate."""

    def closed(self) -> None:
        """Called when the socket has ended."""
