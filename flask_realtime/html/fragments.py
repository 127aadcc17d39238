"""Fragments: changes of a page's HTML, rendered once for all pages that get them."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal, get_args

from flask import Flask, current_app
from jinja2 import Template, TemplateNotFound
from markupsafe import escape

from ..errors import RealtimeError
from ..flask_contexts import IS_ONE, app_context
from .csrf_tokens import check_for_token
from .fragment_block import render_block
from .nobody import as_nobody
from .template_values import held_proxies, resolve

logger = logging.getLogger(__name__)

Action = Literal["append", "prepend", "before", "after", "replace", "update", "remove", "reload"]
#: The changes that a fragment can make, named as in Turbo Streams.
ACTIONS: tuple[str, ...] = get_args(Action)
_MORPHING = ("replace", "update")
# What a page would show as Python writes it.
_NO_TEXTS = (bytes, bytearray, dict, list, tuple, set, frozenset)


@dataclass(frozen=True, slots=True)
class Fragment:
    """One change of a page.

    :param action: one of :data:`ACTIONS`.
    :param target: a CSS selector; the change is made at every element that fits it. Empty for
        ``reload``, which concerns the whole page.
    :param html: the new HTML; empty for ``remove`` and ``reload``.
    :param morph: for ``replace`` and ``update``: whether the page changes only what differs.
    """

    action: str
    target: str = ""
    html: str = ""
    morph: bool = False

    def __post_init__(self) -> None:
        if self.action not in ACTIONS:
            known = ", ".join(ACTIONS)
            raise ValueError(f"A fragment has no action {self.action!r}; the actions are: {known}.")
        if self.action != "reload" and not (isinstance(self.target, str) and self.target.strip()):
            raise ValueError(
                f"The target of {self.action!r} is {self.target!r}, but a CSS selector such as "
                f"'#messages' is expected."
            )
        if self.morph and self.action not in _MORPHING:
            raise ValueError(
                f"morph=True goes with replace and update, not with {self.action!r}: only these "
                f"two put new HTML in the place of old."
            )

    def to_wire(self) -> dict[str, Any]:
        """Return the fragment as clients get it in a message."""
        wire: dict[str, Any] = {"action": self.action}
        if self.target:
            wire["target"] = self.target
        if self.action not in ("remove", "reload"):
            wire["html"] = self.html
        if self.morph:
            wire["morph"] = True
        return wire


def content(
    template: str | None, block: str | None, html: str | None, context: dict[str, Any]
) -> str:
    """Return the HTML of a fragment: a rendered template, or literal content.

    :param template: the name of a template, which is rendered for no visitor in particular.
    :param block: the only block of the template to render; None: all of the template.
    :param html: literal content in place of a template: a ``Markup`` as it is, a ``str`` escaped.
    :param context: the variables of the template.
    :raises TypeError: if both or neither of *template* and *html* are given.
    :raises HoldsToken: if the HTML holds the CSRF token of the current request's visitor.
    """
    _check_morph(context)
    if html is not None:
        if template is not None or block is not None or context:
            raise TypeError(
                "html= is the whole content of a fragment: leave out the template, block= and "
                "the template's variables, or leave out html=."
            )
        text = _escaped(html)
        check_for_token(text, "What is given as html=")
        return text
    if not isinstance(template, str) or "<" in template:
        raise TypeError(
            f"The argument after the target must be the name of a template, not "
            f"{template!r:.100}. Pass literal content as html=: a Markup is inserted as it is, "
            f"any other text is escaped."
        )
    html = render(template, block, context)
    check_for_token(html, f"The template {template!r}", context.values())
    return html


def literal(
    template: str | None, block: str | None, html: str | None, context: dict[str, Any]
) -> str:
    """Return the HTML of a fragment without an app, and so without templates.

    :raises TypeError: if a template is given, or no content.
    """
    _check_morph(context)
    if html is None or template is not None or block is not None or context:
        raise TypeError(
            "A Publisher has no app, and therefore no templates: pass the content as html=. A "
            "Markup is inserted as it is, any other text is escaped."
        )
    return _escaped(html)


def render(template: str, block: str | None, context: dict[str, Any]) -> str:
    """Render *template* for no visitor in particular, with nothing but the variables passed.

    :param template: the template's name, as ``render_template`` takes it.
    :param block: the only block to render; None: all of the template.
    :param context: the template's variables. A ``LocalProxy`` such as ``current_user`` is replaced
        by the object that it stands for now.
    :raises WrittenByNobody: if the template writes the session, as ``csrf_token()`` does.
    :raises LookupError: if the template has no such block.
    """
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    variables = {name: resolve(value) for name, value in context.items()}
    for held in held_proxies(variables):
        logger.warning(
            "The template %r of a fragment is given %s, which is a proxy such as current_user: "
            "in a fragment such a proxy stands for an anonymous visitor. Replace the proxy by "
            "the object itself, which current_user._get_current_object() returns.",
            template,
            held,
        )
    with _explained(template), as_nobody(app, f"The template {template!r}"):
        found = _template(app, template)
        _update_context(app, variables)
        return found.render(variables) if block is None else render_block(found, block, variables)


def _template(app: Flask, name: str) -> Template:
    try:
        return app.jinja_env.get_or_select_template(name)
    except TemplateNotFound as error:
        if error.name != name:
            raise
        raise TemplateNotFound(
            name,
            f"There is no template {name!r}. The argument after the target names a template; pass "
            f"literal content as html=.",
        ) from None


@contextmanager
def _explained(template: str) -> Iterator[None]:
    """Have an error say which template it comes from, and what that is rendered without."""
    try:
        yield
    except RealtimeError:
        raise
    except Exception as error:
        # As add_note() does, which Python has from 3.11 on.
        error.__notes__ = [  # type: ignore[attr-defined]
            *getattr(error, "__notes__", ()),
            f"The template {template!r} was being rendered once for all pages, without a visitor: "
            f"with an empty session, an empty g and an anonymous current_user, in context "
            f"processors too. Pass what it needs, or use a block for what differs between "
            f"visitors.",
        ]
        raise


def _escaped(html: Any) -> str:
    if isinstance(html, _NO_TEXTS) and not hasattr(html, "__html__"):
        raise TypeError(
            f"html= is {html!r:.100}, but a text or a Markup is expected: decode bytes, and have a "
            f"template show what a list or a dict holds."
        )
    return str(escape(html))


def _check_morph(context: dict[str, Any]) -> None:
    # Any other value is taken for a variable of the template that happens to have this name.
    if isinstance(context.get("morph"), bool):
        raise TypeError(
            "morph= goes with replace and update alone: only these two put new HTML in the place "
            "of old. Leave it out."
        )


def _update_context(app: Flask, variables: dict[str, Any]) -> None:
    # Flask 3.2 takes the context as the first argument; earlier ones do not.
    update: Any = app.update_template_context
    if IS_ONE:
        update(app_context(), variables)
    else:
        update(variables)
