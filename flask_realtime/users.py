"""What ``realtime.user(id)`` gives: one user, on all of the user's pages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Protocol

from .identity.users import identity_of, user_of
from .page.revocations import note_disconnect, note_revocation
from .protocol.channels import flatten
from .registries.base import Registry
from .registries.records import Disconnect
from .session.endings import Step


class Process(Protocol):
    """What a user needs of this process."""

    @property
    def registry(self) -> Registry: ...

    def end(self, steps: Sequence[Step]) -> None:
        """Have the registry told of an end, sooner or later."""


class User:
    """One user, as ``realtime.identify`` names him, wherever the user's pages are.

    Both methods never raise for want of Redis: this process does at once what it can, and the rest
    is done when Redis is back.

    :param process: returns this process; None where the app is disabled.
    :param user_id: names the user.
    :raises InvalidIdentity: if it is None, empty, or no id.
    """

    __slots__ = ("_process", "_user")

    def __init__(self, process: Callable[[], Process | None], user_id: Any) -> None:
        self._process = process
        self._user = user_of(identity_of(user_id))

    def disconnect(self) -> None:
        """Close all sockets of the user (1000), in all processes, and let no page come back that
        was open, or away, before this moment.

        For a ban, or a password that has changed. Whether the user may log in again, and get new
        pages, is the app's to say.
        """
        process = self._process()
        if process is not None and self._user is not None:
            registry = process.registry
            order = Disconnect(user=self._user)
            process.end(
                [partial(registry.end_user, self._user), partial(registry.disconnect, order)]
            )
            note_disconnect(self._user)

    def unsubscribe(self, *channels: Any) -> None:
        """Let no page of the user hear *channels* by what it has subscribed to until now: those
        that are open, in all processes, and those that are away.

        This is how one is put out of a room. A view that subscribes a page of the user later, or
        anew, lets it hear them again.

        :param channels: names, or lists of them.
        :raises InvalidChannel: if there is none, or one is no name.
        """
        names = flatten(channels)
        process = self._process()
        if process is not None and self._user is not None:
            registry = process.registry
            process.end([partial(registry.end_user, self._user, name) for name in names])
            note_revocation()
