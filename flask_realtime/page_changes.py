"""The changes that a push can make to a page's HTML, such as ``realtime.to(…).append(…)``."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, NoReturn

from .html.fragments import Fragment

#: Makes the HTML of a change, given template, block, literal content and the template's variables.
Content = Callable[[str | None, str | None, str | None, dict[str, Any]], str]


class PageChanges(ABC):
    """The eight changes that can be made to a page's HTML, named as Turbo Streams name them."""

    __slots__ = ()

    @abstractmethod
    def _add(self, fragment: Fragment) -> None:
        """Send a change, or collect it."""

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
        The template is rendered once, for all pages and on behalf of no visitor: it sees the
        variables that are passed here, and no session, no cookies, no ``g`` and no
        ``current_user``.

        :param target: a CSS selector, such as ``"#messages"``.
        :param template: the name of a template.
        :param block: render this block of the template alone; None: all of the template.
        :param html: literal content in place of a template: a ``Markup`` as it is, any other text
            escaped.
        :param context: the template's variables.
        :raises WrittenByNobody: if the template writes the session, as ``csrf_token()`` does.
        :raises HoldsToken: if the HTML holds the CSRF token of the visitor who makes the request.
        :raises NotFlushed: if the template is passed a new row without an id, and the session of
            ``after_commit=`` cannot be flushed here.
        :raises RegistryUnavailable: if Redis did not accept the change in time.
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
        """Put HTML at the beginning of every element that fits *target*.

        :param target: a CSS selector, such as ``"#messages"``.
        :param template: the name of a template, rendered as :meth:`append` says.
        :param block: render this block of the template alone; None: all of the template.
        :param html: literal content in place of a template: a ``Markup`` as it is, any other text
            escaped.
        :param context: the template's variables.
        :raises WrittenByNobody: if the template writes the session, as ``csrf_token()`` does.
        :raises HoldsToken: if the HTML holds the CSRF token of the visitor who makes the request.
        :raises NotFlushed: if the template is passed a new row without an id, and the session of
            ``after_commit=`` cannot be flushed here.
        :raises RegistryUnavailable: if Redis did not accept the change in time.
        """
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
        """Put HTML in front of every element that fits *target*.

        :param target: a CSS selector, such as ``"#message-7"``.
        :param template: the name of a template, rendered as :meth:`append` says.
        :param block: render this block of the template alone; None: all of the template.
        :param html: literal content in place of a template: a ``Markup`` as it is, any other text
            escaped.
        :param context: the template's variables.
        :raises WrittenByNobody: if the template writes the session, as ``csrf_token()`` does.
        :raises HoldsToken: if the HTML holds the CSRF token of the visitor who makes the request.
        :raises NotFlushed: if the template is passed a new row without an id, and the session of
            ``after_commit=`` cannot be flushed here.
        :raises RegistryUnavailable: if Redis did not accept the change in time.
        """
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
        """Put HTML behind every element that fits *target*.

        :param target: a CSS selector, such as ``"#message-7"``.
        :param template: the name of a template, rendered as :meth:`append` says.
        :param block: render this block of the template alone; None: all of the template.
        :param html: literal content in place of a template: a ``Markup`` as it is, any other text
            escaped.
        :param context: the template's variables.
        :raises WrittenByNobody: if the template writes the session, as ``csrf_token()`` does.
        :raises HoldsToken: if the HTML holds the CSRF token of the visitor who makes the request.
        :raises NotFlushed: if the template is passed a new row without an id, and the session of
            ``after_commit=`` cannot be flushed here.
        :raises RegistryUnavailable: if Redis did not accept the change in time.
        """
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
        """Put HTML in the place of every element that fits *target*.

        :param target: a CSS selector, such as ``"#message-7"``.
        :param template: the name of a template, rendered as :meth:`append` says.
        :param block: render this block of the template alone; None: all of the template.
        :param html: literal content in place of a template: a ``Markup`` as it is, any other text
            escaped.
        :param morph: change only what differs, in pages that have loaded Idiomorph; other pages
            put the new HTML in the place of the old.
        :param context: the template's variables.
        :raises WrittenByNobody: if the template writes the session, as ``csrf_token()`` does.
        :raises HoldsToken: if the HTML holds the CSRF token of the visitor who makes the request.
        :raises NotFlushed: if the template is passed a new row without an id, and the session of
            ``after_commit=`` cannot be flushed here.
        :raises RegistryUnavailable: if Redis did not accept the change in time.
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
        """Put HTML in the place of what every element that fits *target* holds; the element stays.

        :param target: a CSS selector, such as ``"#count"``.
        :param template: the name of a template, rendered as :meth:`append` says.
        :param block: render this block of the template alone; None: all of the template.
        :param html: literal content in place of a template: a ``Markup`` as it is, any other text
            escaped.
        :param morph: change only what differs, in pages that have loaded Idiomorph; other pages
            put the new HTML in the place of the old.
        :param context: the template's variables.
        :raises WrittenByNobody: if the template writes the session, as ``csrf_token()`` does.
        :raises HoldsToken: if the HTML holds the CSRF token of the visitor who makes the request.
        :raises NotFlushed: if the template is passed a new row without an id, and the session of
            ``after_commit=`` cannot be flushed here.
        :raises RegistryUnavailable: if Redis did not accept the change in time.
        """
        self._add(Fragment("update", target, self._content(template, block, html, context), morph))

    def remove(self, target: str, /) -> None:
        """Remove every element that fits *target* from the page.

        :param target: a CSS selector, such as ``"#message-7"``.
        :raises RegistryUnavailable: if Redis did not accept the change in time.
        """
        self._add(Fragment("remove", target))

    def reload(self) -> None:
        """Have the page load anew, unless its visitor is writing something.

        :raises RegistryUnavailable: if Redis did not accept the change in time.
        """
        self._add(Fragment("reload"))


class Changes(PageChanges):
    """Collects the changes of a ``with`` block, which are then sent as one message.

    :param make: makes the HTML of a change.
    :ivar fragments: the changes so far, in order.
    :ivar has_ended: whether the ``with`` block has ended; a change that comes later is an error.
    """

    __slots__ = ("_make", "fragments", "has_ended")

    def __init__(self, make: Content) -> None:
        self._make = make
        self.has_ended = False
        self.fragments: list[Fragment] = []

    def __getattr__(self, name: str) -> NoReturn:
        raise AttributeError(
            f"A with block of realtime.to(…) collects changes of the pages' HTML, and {name} "
            f"is not one: call realtime.to(…).{name}(…) outside of the block."
        )

    def _content(
        self, template: str | None, block: str | None, html: str | None, context: dict[str, Any]
    ) -> str:
        return self._make(template, block, html, context)

    def _add(self, fragment: Fragment) -> None:
        if self.has_ended:
            raise RuntimeError(
                f"{fragment.action} was called after its with block, which has sent its changes: "
                f"call it within the block, or as realtime.to(…).{fragment.action}(…)."
            )
        self.fragments.append(fragment)
