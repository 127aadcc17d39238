"""What ``realtime.to(…)`` gives: who a push is for, and how it is to go."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Any, NoReturn, Protocol

from .html.fragments import Fragment, content
from .protocol.pushes import Push, make_pushes
from .protocol.routes import Route


@dataclass(frozen=True, slots=True)
class Addressing:
    """How a push is to go.

    :param names: the channels, and the pattern, that it goes to; each was checked.
    :param route: what it is, and whom it is for.
    :param push_id: a second push with this id within 300 s is not a second message; None: none.
    :param is_ephemeral: it goes to the pages that are connected now, and into no log.
    :param after_commit: the SQLAlchemy session whose commit it waits for; None: it goes at once.
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
    ) -> list[Push]:
        """Return the pushes of *payload*, one for each channel.

        :param payload: JSON text.
        :param matching: returns the channels that fit a pattern.
        :param new_push_id: returns the id of a push that was given none.
        """
        one_id = new_push_id() if self.push_id is None else self.push_id
        return make_pushes(payload, self.names, matching, one_id, self.route)


#: Makes the HTML of a change from template, block, literal content and the template's variables.
Content = Callable[[str | None, str | None, str | None, dict[str, Any]], str]


class Outlet(Protocol):
    """What hands messages to the registry."""

    def encode(self, message: Any) -> str:
        """Return *message* as JSON text."""

    def deliver(self, payload: str, addressing: Addressing) -> None:
        """Push JSON text."""


class _Changes(ABC):
    """The eight changes that can be made to a page's HTML, named as Turbo Streams name them."""

    __slots__ = ()

    @abstractmethod
    def _add(self, fragment: Fragment) -> None:
        """Take a change that was said."""

    @abstractmethod
    def _content(
        self, template: str | None, block: str | None, html: str | None, context: dict[str, Any]
    ) -> str:
        """Return the HTML of a change."""

    def append(
        self,
        target: str,
        template: str | None = None,
        /,
        *,
        block: str | None = None,
        html: str | None = None,
        **context: Any,
    ) -> None:
        """Put HTML at the end of every element that fits *target*.

        An element of that HTML whose ``id`` the page has already replaces the one that is there.
        The template is rendered once for all, as nobody: it sees no session, no cookies, no ``g``
        and no ``current_user``, but what is passed here.

        :param target: a CSS selector, such as ``"#messages"``.
        :param template: the name of a template.
        :param block: the only block of the template that is wanted; None: all of it.
        :param html: literal content in place of a template: a ``Markup`` as it is, any other text
            escaped.
        :param context: the template's variables.
        :raises WrittenByNobody: if the template writes the session, as ``csrf_token()`` does.
        :raises RegistryUnavailable: if Redis did not accept it in time.
        """
        self._add(Fragment("append", target, self._content(template, block, html, context)))

    def prepend(
        self,
        target: str,
        template: str | None = None,
        /,
        *,
        block: str | None = None,
        html: str | None = None,
        **context: Any,
    ) -> None:
        """Put HTML at the beginning of every element that fits *target*; see :meth:`append`."""
        self._add(Fragment("prepend", target, self._content(template, block, html, context)))

    def before(
        self,
        target: str,
        template: str | None = None,
        /,
        *,
        block: str | None = None,
        html: str | None = None,
        **context: Any,
    ) -> None:
        """Put HTML in front of every element that fits *target*; see :meth:`append`."""
        self._add(Fragment("before", target, self._content(template, block, html, context)))

    def after(
        self,
        target: str,
        template: str | None = None,
        /,
        *,
        block: str | None = None,
        html: str | None = None,
        **context: Any,
    ) -> None:
        """Put HTML behind every element that fits *target*; see :meth:`append`."""
        self._add(Fragment("after", target, self._content(template, block, html, context)))

    def replace(
        self,
        target: str,
        template: str | None = None,
        /,
        *,
        block: str | None = None,
        html: str | None = None,
        morph: bool = False,
        **context: Any,
    ) -> None:
        """Put HTML in the place of every element that fits *target*; see :meth:`append`.

        :param morph: change only what differs, where the page has loaded Idiomorph.
        """
        self._add(Fragment("replace", target, self._content(template, block, html, context), morph))

    def update(
        self,
        target: str,
        template: str | None = None,
        /,
        *,
        block: str | None = None,
        html: str | None = None,
        morph: bool = False,
        **context: Any,
    ) -> None:
        """Put HTML in the place of what every element that fits *target* holds.

        See :meth:`append`, and :meth:`replace` for *morph*.
        """
        self._add(Fragment("update", target, self._content(template, block, html, context), morph))

    def remove(self, target: str, /) -> None:
        """Take every element that fits *target* off the page.

        :param target: a CSS selector, such as ``"#message-7"``.
        :raises RegistryUnavailable: if Redis did not accept it in time.
        """
        self._add(Fragment("remove", target))

    def reload(self) -> None:
        """Have the page loaded anew, unless its visitor is writing something.

        :raises RegistryUnavailable: if Redis did not accept it in time.
        """
        self._add(Fragment("reload"))


class Changes(_Changes):
    """Collects several changes, which then go as one message."""

    __slots__ = ("_make", "fragments", "has_ended")

    def __init__(self, make: Content) -> None:
        self._make = make
        #: Whether the ``with`` block is over.
        self.has_ended = False
        #: What was said so far, in order.
        self.fragments: list[Fragment] = []

    def __getattr__(self, name: str) -> NoReturn:
        raise AttributeError(
            f"A with block of realtime.to(…) collects changes of the pages' HTML, and {name} is "
            f"none: say realtime.to(…).{name}(…) beside it."
        )

    def _content(
        self, template: str | None, block: str | None, html: str | None, context: dict[str, Any]
    ) -> str:
        return self._make(template, block, html, context)

    def _add(self, fragment: Fragment) -> None:
        if self.has_ended:
            raise RuntimeError(
                f"{fragment.action} was said behind its with block, which has sent its changes: "
                f"say it within the block, or as realtime.to(…).{fragment.action}(…)."
            )
        self.fragments.append(fragment)


class Audience(_Changes):
    """Those whom a push is for: the clients of channels, or one user.

    Used as a context manager it collects changes and sends them as one message at the end of the
    ``with`` block; nothing is sent if that block raises an error::

        with realtime.to("room:1") as change:
            change.append("#messages", "_message.html", message=message)
            change.update("#count", "_count.html", n=n)

    :param outlet: hands what is pushed to the registry.
    :param addressing: how it is to go.
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
        """Send *message* to the scripts of these pages, as :meth:`flask_realtime.Realtime.push`.

        :param message: anything the app's JSON provider can encode.
        :raises RegistryUnavailable: if Redis did not accept it in time.
        """
        outlet = self._outlet()
        outlet.deliver(outlet.encode(message), self._addressing)

    def refresh(self) -> None:
        """Have these pages render again each block that depends on one of these channels.

        A block depends on the channels that its ``data-realtime-on`` names; each page fetches it
        from its own view, for its own viewer.

        :raises RegistryUnavailable: if Redis did not accept it in time.
        """
        self._outlet().deliver("true", self._of_kind("refresh"))

    def __enter__(self) -> Changes:
        changes = Changes(self._make)
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
        return self._make(template, block, html, context)

    def _send(self, fragments: Sequence[Fragment]) -> None:
        payload = json.dumps([one.to_wire() for one in fragments])
        self._outlet().deliver(payload, self._of_kind("html"))

    def _of_kind(self, kind: Any) -> Addressing:
        return replace(self._addressing, route=self._addressing.route._replace(kind=kind))
