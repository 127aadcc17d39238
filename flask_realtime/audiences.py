"""What ``realtime.to(…)`` returns: an audience, to which one pushes messages and changes."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Any, Protocol

from .html.fragments import Fragment, content
from .page_changes import Changes, Content, PageChanges
from .protocol.pushes import Push, make_pushes
from .protocol.routes import Route
from .unflushed_rows import flush_passed_rows


@dataclass(frozen=True, slots=True)
class Addressing:
    """Where a push goes, and how.

    :param names: the channels, and the pattern, to which the push goes; they have been checked.
    :param route: what kind of push it is, and which clients of the channels get it.
    :param push_id: a second push with this id within 300 s is not a second message; None: an id is
        made, so that every push is a message of its own.
    :param is_ephemeral: whether only the pages that are connected now get the push; no log has it.
    :param after_commit: the SQLAlchemy session whose commit the push waits for; None: it waits for
        nothing.
    """

    names: tuple[str, ...]
    route: Route
    push_id: str | None = None
    is_ephemeral: bool = False
    after_commit: Any = None

    def pushes(
        self,
        payload: str,
        matching: Callable[[str], list[str]],
        new_push_id: Callable[[], str | None],
    ) -> Sequence[Push]:
        """Return the pushes of *payload*, one for each channel.

        :param payload: JSON text.
        :param matching: returns the channels that fit a pattern.
        :param new_push_id: returns the id of a push that was given none.
        """
        one_id = new_push_id() if self.push_id is None else self.push_id
        return make_pushes(payload, self.names, matching, one_id, self.route)


class Outlet(Protocol):
    """What hands messages to the registry."""

    def encode(self, message: Any) -> str:
        """Return *message* as JSON text."""

    def deliver(self, payload: str, addressing: Addressing) -> None:
        """Push JSON text."""


class Audience(PageChanges):
    """The pages that a push is for: those subscribed to some channels, or those of one user.

    Used as a context manager it collects changes and sends them as one message at the end of the
    ``with`` block; nothing is sent if that block raises an error::

        with realtime.to("room:1") as change:
            change.append("#messages", "_message.html", message=message)
            change.update("#count", "_count.html", n=n)

    :param outlet: hands what is pushed to the registry.
    :param addressing: where pushes go, and how.
    :param make: makes the HTML of a change.
    """

    __slots__ = ("_addressing", "_collected", "_make", "_outlet")

    def __init__(
        self, outlet: Callable[[], Outlet], addressing: Addressing, make: Content = content
    ) -> None:
        self._outlet = outlet
        self._addressing = addressing
        self._make = make
        self._collected: list[Changes] = []

    def push(self, message: Any) -> None:
        """Send *message* to the scripts of these pages, as ``realtime.push`` does.

        :param message: anything the app's JSON provider can encode.
        :raises TypeError: if JSON cannot hold *message*; the error says which part of it.
        :raises ValueError: if *message* holds a number that JSON does not have, such as NaN.
        :raises RegistryUnavailable: if Redis did not accept the message in time.
        """
        outlet = self._outlet()
        outlet.deliver(outlet.encode(message), self._addressing)

    def refresh(self) -> None:
        """Have these pages fetch again each block that depends on one of these channels.

        A block depends on the channels that its attribute ``data-realtime-on`` names. Each page
        fetches its blocks from its own view, which renders them for the page's own viewer.

        :raises RegistryUnavailable: if Redis did not accept the request in time.
        """
        self._outlet().deliver("true", self._of_kind("refresh"))

    def __enter__(self) -> Changes:
        changes = Changes(self._content)
        self._collected.append(changes)
        return changes

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        changes = self._collected.pop()
        changes.has_ended = True
        if error is None and changes.fragments:
            self._send(changes.fragments)

    def _add(self, fragment: Fragment) -> None:
        self._send([fragment])

    def _content(
        self, template: str | None, block: str | None, html: str | None, context: dict[str, Any]
    ) -> str:
        if isinstance(template, str):
            flush_passed_rows(template, context, self._addressing.after_commit)
        return self._make(template, block, html, context)

    def _send(self, fragments: Sequence[Fragment]) -> None:
        payload = json.dumps([one.to_wire() for one in fragments])
        self._outlet().deliver(payload, self._of_kind("html"))

    def _of_kind(self, kind: Any) -> Addressing:
        return replace(self._addressing, route=self._addressing.route._replace(kind=kind))
