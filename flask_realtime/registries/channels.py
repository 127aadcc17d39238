"""What every registry promises of channels: the log of each, and who hears it."""

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
        """Append each push to the log of its channel, and announce it to whoever hears the channel.

        Appending and announcing one push is one atomic step. Pushes of one channel are appended in
        the order given. A push whose id the channel's log has accepted within the last 300 s is
        not appended again.

        :param pushes: the pushes, each for one channel.
        :returns: the position of each push; of a repeat, the position of the first.
        :raises RegistryUnavailable: if not all were accepted in time. The error has the channels
            whose logs are known to have accepted theirs, and the id of the first push that was not
            accepted. Publishing all of them again with the same ids goes on from there.
        """

    @abstractmethod
    def announce(self, pushes: Sequence[Push]) -> None:
        """Give each push to the connections that are open now; no log takes it.

        Every process that hears the channel is given a publication without a position
        (``Publication.is_ephemeral``) by ``events.deliver``. A page that has no connection then
        never hears of it, and a repeat is not recognised.

        :param pushes: the pushes, each for one channel.
        :raises RegistryUnavailable: if they may not have been announced.
        """

    def new_push_id(self) -> str | None:
        """Return an id for a push that was given none.

        None says that no push of this registry ever has an unknown outcome, so that none needs to
        be repeated.
        """
        return new_push_id()

    @abstractmethod
    def matching(self, pattern: str) -> list[str]:
        """Return the names of the known channels that fit *pattern*.

        A channel is known while its log has messages, while a page that was subscribed to it may
        still come, and while it is heard by a page or by one that may come back. Takes time in
        proportion to the number of known channels.

        :param pattern: a name in which ``*`` stands for any run of characters.
        """

    @abstractmethod
    def listen(self, channels: Collection[str]) -> None:
        """Hear *channels* in this process; return when that is certain.

        Whatever is published after this method has returned is given to ``events.deliver``.

        :param channels: names, not patterns; may be empty, to hear only what is for this process.
        """

    @abstractmethod
    def ignore(self, channels: Collection[str]) -> None:
        """Hear *channels* no more in this process.

        Never raises, and may take effect later; a :meth:`listen` that is called after it wins.

        :param channels: names, not patterns.
        """

    @abstractmethod
    def read(
        self, cursors: Mapping[str, Position | None], max_bytes: int, *, renew: bool = True
    ) -> dict[str, LogPage]:
        """Return what follows a cursor in the log of each channel.

        Takes as few round trips as possible. A channel that is not known begins a new log. A log
        went back if its last position is before the cursor, or if the message at the cursor has
        another tag, as after a restart of Redis from an old snapshot. Such a log gets a new epoch,
        and everybody who reads after a position of the old epoch is told that it was lost.

        :param cursors: by channel, the position after which to read; None asks for the position of
            the last message alone.
        :param max_bytes: about how many bytes of payload to return for each channel; at least one
            message is returned where there is one.
        :param renew: False for cursors that a browser named. They are judged alike, but the log
            gets no new epoch: a made-up cursor would cost every other client its place.
        """
