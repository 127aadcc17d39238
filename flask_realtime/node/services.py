"""What the receivers of all sockets of a process share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..connection.connection import Connection
from ..messages.large_messages import LargeMessages
from ..writing.outbox import Outbox
from .resumption import Resumption

if TYPE_CHECKING:
    from ..messages.conversations import Conversations


@dataclass(frozen=True, slots=True)
class Services:
    """What the receivers of all sockets of a process share.

    :param conversations: answer messages.
    :param resumption: puts sockets on their channels.
    :param max_bytes: how many bytes a message may have.
    :param forget: forgets a connection that has ended.
    :param lose_session: closes all sockets of a connection's session, which is lost, so that their
        pages come back with the cookies of then.
    :param has_room: see :meth:`.SlowReplies.has_room`.
    :param large: reads large messages.
    """

    conversations: Conversations
    resumption: Resumption
    max_bytes: int
    forget: Callable[[Connection], None]
    lose_session: Callable[[Connection], None]
    has_room: Callable[[Outbox, int], bool]
    large: LargeMessages = field(default_factory=LargeMessages)
