"""Notes the output of blocks while their own view renders the whole page.

The template runs to its end as always: its conditions decide whether the page shows a block, and
the block's output is noted besides. If blocks were rendered directly, anybody could have the
block of ``{% if is_admin %}{% block admin %}``.
"""

from __future__ import annotations

import types
from collections.abc import AsyncIterator, Callable, Collection, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from flask import Flask, before_render_template, has_request_context, request
from jinja2 import Template
from jinja2.runtime import Context

from ..flask_contexts import IS_ONE, request_context

_WANTED = "flask_realtime.blocks"
# The attribute of a template that keeps the function with which Jinja renders it.
_ROOT = "_flask_realtime_root"
_FLASHES = "_flashes" if IS_ONE else "flashes"


class WantedBlocks:
    """The blocks that the current request asks for, and their output so far.

    :param names: the names of the blocks.
    """

    def __init__(self, names: Collection[str]) -> None:
        self.names = frozenset(names)
        #: Whether the view has rendered a template, or streams one.
        self.has_template = False
        # For each block, its outputs by the context in which a template was rendered. A context
        # has several outputs if the block stands in a loop.
        self._outputs: dict[str, dict[Context, set[str]]] = {}
        # The whole output of each template; empty until it has ended.
        self._wholes: dict[Context, str] = {}
        # The flashed messages that the blocks show; None: those of the session.
        self._flashes: list[Any] | None = None
        # The flashed messages of the other parts of the page, which are thrown away: none. The list
        # is this request's own, since get_flashed_messages() hands it out and an app may add to it.
        self._hidden: list[Any] = []

    def outputs(self, name: str, page: str) -> list[str] | None:
        """Return the outputs of a block in the templates of this request, the likeliest first.

        Where the whole outputs of templates that have such a block are parts of the page, only
        these templates count, the one with the largest part first. Else the app has changed the
        page that the template made: then all templates count, the longest output first, since a
        short one, of a mail for example, may stand somewhere in any page.

        :param page: what the view has returned.
        :returns: None if a template has rendered the block several times with different outputs,
            in a loop for example.
        """
        shown = [
            one
            for one, whole in self._wholes.items()
            if whole and self._has_block(one, name) and whole in page
        ]
        shown.sort(key=lambda one: len(self._wholes[one]), reverse=True)
        made = self._outputs.get(name, {})
        found = [made[one] for one in shown or made if one in made]
        if any(len(one) > 1 for one in found):
            return None
        outputs = [html for (html,) in found]
        return outputs if shown else sorted(outputs, key=len, reverse=True)

    @property
    def has_outputs(self) -> bool:
        """Whether a template has rendered one of the blocks."""
        return bool(self._outputs)

    @property
    def known(self) -> list[str]:
        """The names of all blocks of the templates that were rendered."""
        return sorted(
            {
                name
                for context in self._wholes
                for name in context.blocks
                if self._has_block(context, name)
            }
        )

    def watch(self, context: Context) -> None:
        """Note the output of the wanted blocks that a template renders in *context*."""
        self._wholes[context] = ""
        noting = _noting_async if context.environment.is_async else _noting
        for name in self.names:
            # The noting function stands in front of the block itself, because super() looks for the
            # block's parent right behind it; a parent template appends its block when it is
            # rendered. Jinja then takes a "required" block for filled: one that no child fills is
            # empty here. As a whole page it is an error, so no page shows such a block.
            note = partial(self._note, name, context)
            context.blocks.setdefault(name, []).insert(0, noting(self, name, note))

    @contextmanager
    def showing_flashes(self) -> Iterator[None]:
        """Have ``get_flashed_messages()`` give messages in a ``with`` block.

        Each such block gives the same messages; within another such block nothing changes.
        """
        context = request_context()
        if getattr(context, _FLASHES) is not self._hidden:
            yield
            return
        setattr(context, _FLASHES, self._flashes)
        try:
            yield
        finally:
            self._flashes = getattr(context, _FLASHES)
            self.hide_flashes()

    def hide_flashes(self) -> None:
        """Have ``get_flashed_messages()`` give no messages, and leave them in the session."""
        setattr(request_context(), _FLASHES, self._hidden)

    def note_whole(self, context: Context, parts: Collection[str]) -> None:
        """Note the whole output of a template.

        A template that extends others has them rendered in its own context; the outermost, which
        ends last, has the output of all.

        :param parts: the pieces of the output, in order.
        """
        if context in self._wholes:
            self._wholes[context] = "".join(parts)

    def _has_block(self, context: Context, name: str) -> bool:
        """Return whether a block stands in the template of a context, or in a parent of it."""
        # An entry that only this module has added has no function of a template behind it.
        return len(context.blocks.get(name, ())) > (name in self.names)

    def _note(self, name: str, context: Context, parts: Collection[str]) -> None:
        """Note the output of a block.

        :param context: the context in which the block's template is rendered.
        :param parts: the pieces of the output, in order.
        """
        self._outputs.setdefault(name, {}).setdefault(context, set()).add("".join(parts))


def want_blocks(app: Flask, names: Collection[str]) -> WantedBlocks:
    """Note the blocks *names* of each template that the current request renders.

    ``get_flashed_messages()`` gives messages within these blocks only: in other parts of the page,
    which are thrown away, they would be lost.
    """
    wanted = WantedBlocks(names)
    request.environ[_WANTED] = wanted
    wanted.hide_flashes()
    # Connecting a function again does nothing.
    before_render_template.connect(_watch, app)
    return wanted


def wanted_blocks() -> WantedBlocks | None:
    """Return the blocks that the current request asks for; None: it asks for a whole page."""
    if not has_request_context():
        return None
    wanted: WantedBlocks | None = request.environ.get(_WANTED)
    return wanted


def _watch(app: Flask, template: Template, **_extra: Any) -> None:
    # The method stays with the template, which many requests share.
    wanted = wanted_blocks()
    if wanted is None:
        return
    wanted.has_template = True
    if "new_context" not in vars(template):
        noted = _noted_async if template.environment.is_async else _noted
        # The template keeps Jinja's function, so that two threads that come here at the same time
        # both wrap that one, and none wraps the wrapper of the other.
        root = vars(template).setdefault(_ROOT, template.root_render_func)
        template.root_render_func = _noting_whole(root, noted)
        # This is set last: a thread that finds it set needs the other function, too.
        template.new_context = types.MethodType(_new_context, template)  # type: ignore[method-assign]


def _new_context(
    self: Template, vars: Any = None, shared: bool = False, locals: Any = None
) -> Context:
    context = type(self).new_context(self, vars, shared, locals)
    wanted = wanted_blocks()
    # The template that includes another one shares its variables: shared is set.
    if wanted is not None and not shared:
        wanted.watch(context)
    return context


def _noting(wanted: WantedBlocks, name: str, note: Callable[[Collection[str]], None]) -> Any:
    def render(context: Context) -> Iterator[str]:
        with wanted.showing_flashes():
            yield from _noted(context.blocks[name][1](context), note)

    return render


def _noting_async(wanted: WantedBlocks, name: str, note: Callable[[Collection[str]], None]) -> Any:
    async def render(context: Context) -> AsyncIterator[str]:
        with wanted.showing_flashes():
            block: Any = context.blocks[name][1](context)
            async for part in _noted_async(block, note):
                yield part

    return render


def _noting_whole(root: Callable[..., Any], noted: Callable[..., Any]) -> Any:
    def render(context: Context, *args: Any, **kwargs: Any) -> Any:
        wanted, parts = wanted_blocks(), root(context, *args, **kwargs)
        # A request for a whole page, as most are, is rendered as if nothing were noted.
        return parts if wanted is None else noted(parts, partial(wanted.note_whole, context))

    return render


def _noted(parts: Iterator[str], note: Callable[[Collection[str]], None]) -> Iterator[str]:
    """Give *parts* on, and hand all of them to *note* behind the last one."""
    seen = []
    for part in parts:
        seen.append(part)
        yield part
    note(seen)


async def _noted_async(
    parts: AsyncIterator[str], note: Callable[[Collection[str]], None]
) -> AsyncIterator[str]:
    seen = []
    async for part in parts:
        seen.append(part)
        yield part
    note(seen)
