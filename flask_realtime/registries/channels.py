"""The contract of a registry, its first half: channels, their logs, and who hears them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence

from ..protocol.positions import Position
from ..protocol.pushes import Push, new_push_id
from .records import LogPage


class ChannelRegistry(ABC):
    """The log of each channel, and which channels a process hears: one half of ``Registry``."""

    @abstractmethod
    def publish(self, pushes: Sequence[Push]) -> list[Position]:
        """Append each push to the log of its channel, and announce it to all that hear the channel.

        Appending and announcing one push is one atomic step. Pushes of one channel are appended in
        the order given. A push whose id the channel's log has accepted within the last 300 s is
        not appended again.

        A push by pattern does not prolong the life of a log whose channel no process hears. It is
        not kept at all if the log is empty as well, no page was subscribed lately (a little longer
        than ``REALTIME_CONNECT_TIMEOUT_SECONDS``), and no process has heard the channel for
        ``REALTIME_HISTORY_TTL_SECONDS``: only the log's position moves on. A page that reads the
        log from an earlier position is told then that messages are lost.

        :param pushes: the pushes, each for one channel.
        :returns: the position of each push; of a repeat, the position of the first.
        :raises RegistryUnavailable: if not all pushes were accepted in time. The error has the
            channels whose logs are known to have accepted theirs, and the id of the first push that
            failed. Publishing all pushes again, with the same ids, appends only what is missing.
        """

    @abstractmethod
    def announce(self, pushes: Sequence[Push]) -> None:
        """Announce each push to the connections that are open now, without appending it to a log.

        Every process that hears the channel is given a publication without a position
        (``Publication.is_ephemeral``) by ``events.deliver``. A page that has no connection at that
        time never gets it, and repeats are not recognised.

        :param pushes: the pushes, each for one channel.
        :raises RegistryUnavailable: if a push may not have been announced.
        """

    def new_push_id(self) -> str | None:
        """Return an id for a push that was given none.

        None means that no push needs an id, because this registry always tells whether it has
        accepted a push.
        """
        return new_push_id()

    @abstractmethod
    def matching(self, pattern: str) -> list[str]:
        """Return the names of the known channels that fit *pattern*.

        A channel is known as long as its log has messages, as long as a page that is subscribed to
        it is connected, and as long as such a page may still connect or come back. Takes time in
        proportion to the number of known channels.

        :param pattern: a name in which ``*`` stands for any run of characters.
        """

    @abstractmethod
    def listen(self, channels: Collection[str]) -> None:
        """Begin to hear *channels* in this process; return when that is confirmed.

        Whatever is published after this method has returned is given to ``events.deliver``.

        :param channels: names, not patterns; may be empty, to hear only what is for this process.
        """

    @abstractmethod
    def ignore(self, channels: Collection[str]) -> None:
        """Stop hearing *channels* in this process.

        Never raises, and may take effect later. A :meth:`listen` that is called after it prevails.

        :param channels: names, not patterns.
        """

    @abstractmethod
    def read(
        self, cursors: Mapping[str, Position | None], max_bytes: int, *, renew: bool = True
    ) -> dict[str, LogPage]:
        """Return what follows a cursor in the log of each channel.

        A channel that is not known begins a new log. A log has gone back, for example because Redis
        was restarted from an old snapshot, if its last position is before the cursor, or if the
        message at the cursor has another tag. Such a log gets a new epoch, and everybody who reads
        after a position of the old epoch is told that messages are lost.

        :param cursors: by channel, the position after which to read; None: return the log's tail
            only.
        :param max_bytes: about how many bytes of payload to return for each channel; at least one
            message is returned where there is one.
        :param renew: False for cursors that a browser sent: the log gets no new epoch then, because
            a forged cursor would make every other client lose its place.
        """
