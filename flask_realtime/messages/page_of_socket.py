"""The page in a browser whose socket a conversation answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ..identity.keys import shorten
from ..protocol.positions import Position


@dataclass(frozen=True, slots=True)
class PageOfSocket:
    """The page in a browser that a socket belongs to.

    :param connection_id: the connection id of the page.
    :param digest: the name of the page in the registry.
    :param disconnect_behind_reply: closes the socket as soon as the next reply has been sent.
        Called when a handler closes the socket that its own message came from, or, with the user
        whose sockets it closes, where that may be one of them.
    :param lose_session: has the sockets of the page's session come back; the one of the message
        that is being handled, behind the reply. Called when the session is lost.
    :param reached: returns, by channel, the position up to which the socket was sent pushes.
    """

    connection_id: str
    digest: str
    disconnect_behind_reply: Callable[..., None]
    lose_session: Callable[[], None]
    reached: Callable[[], Mapping[str, Position]]

    @property
    def short_digest(self) -> str:
        """The first characters of the digest, for log lines."""
        return shorten(self.digest)
