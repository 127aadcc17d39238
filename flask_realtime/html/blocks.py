"""Blocks of a page, noted while their own view renders the whole page.

A block is what the page shows: the template runs to its end as ever, its conditions decide whether
the block is there, and the block's output is noted beside it. To render a block directly would
serve ``{% if is_admin %}{% block admin %}`` to anybody.
"""

from __future__ import annotations

import types
from collections.abc import AsyncIterator, Callable, Collection, Iterator
from functools import partial
from typing import Any

from flask import Flask, before_render_template, globals, has_request_context, request
from jinja2 import Template
from jinja2.runtime import Context

_WANTED = "flask_realtime.blocks"
# Flask 3.2 has one context for the app and its request; before that there is one of each.
_HAS_ONE_CONTEXT = not hasattr(globals, "_cv_request")
_CONTEXT: Any = globals.app_ctx if _HAS_ONE_CONTEXT else globals.request_ctx
_FLASHES = "_flashes" if _HAS_ONE_CONTEXT else "flashes"


class WantedBlocks:
    """The blocks that the current request wants, and what was rendered of each so far.

    :param names: the names of the blocks.
    """

    def __init__(self, names: Collection[str]) -> None:
        self.names = frozenset(names)
        #: Whether the view renders a template, or is about to in a response that is streamed.
        self.has_template = False
        self._contexts: list[Context] = []
        # By block, what each template made of it, the last one behind; by the template's context,
        # and more than one where it made something else of it each time.
        self._outputs: dict[str, dict[Context, set[str]]] = {}

    def outputs(self, name: str) -> list[str] | None:
        """Return what the templates of this request have made of a block, the last one first; None
        if one of them has made different things of it, as in a loop."""
        made = list(self._outputs.get(name, {}).values())
        if any(len(one) > 1 for one in made):
            return None
        return [html for (html,) in reversed(made)]

    @property
    def known(self) -> list[str]:
        """The names of all blocks of the templates that were rendered."""
        return sorted(
            {
                name
                for context in self._contexts
                for name, functions in context.blocks.items()
                # One that only this module has added has nothing behind it.
                if len(functions) > (name in self.names)
            }
        )

    def watch(self, context: Context) -> None:
        """Note the blocks that a template renders in *context*."""
        self._contexts.append(context)
        noting = _noting_async if context.environment.is_async else _noting
        for name in self.names:
            # In front of the block itself, beside which super() looks for its parent; a parent
            # template's block comes behind it once the parent is rendered.
            note = partial(self._note, name, context)
            context.blocks.setdefault(name, []).insert(0, noting(name, note))

    def _note(self, name: str, context: Context, parts: Collection[str]) -> None:
        """Note the output of a block.

        :param context: the one in which the block's template is rendered.
        """
        # Behind those of other templates, whose output is the older one.
        outputs = self._outputs.setdefault(name, {})
        outputs[context] = {*outputs.pop(context, ()), "".join(parts)}


def want_blocks(app: Flask, names: Collection[str]) -> WantedBlocks:
    """Have the blocks *names* of each template noted that the current request renders.

    Messages that were flashed are left to the page: ``get_flashed_messages()`` gives none but
    within these blocks.
    """
    wanted = WantedBlocks(names)
    request.environ[_WANTED] = wanted
    _set_flashes([])
    # Connected many times it is connected once.
    before_render_template.connect(_watch, app)
    return wanted


def wanted_blocks() -> WantedBlocks | None:
    """Return what the current request wants; None: no block, but the page."""
    if not has_request_context():
        return None
    wanted: WantedBlocks | None = request.environ.get(_WANTED)
    return wanted


def _watch(app: Flask, template: Template, **_extra: Any) -> None:
    # A template is made once and rendered by many requests; this stays with it.
    wanted = wanted_blocks()
    if wanted is None:
        return
    wanted.has_template = True
    if "new_context" not in vars(template):
        template.new_context = types.MethodType(_new_context, template)  # type: ignore[method-assign]


def _new_context(
    self: Template, vars: Any = None, shared: bool = False, locals: Any = None
) -> Context:
    context = type(self).new_context(self, vars, shared, locals)
    wanted = wanted_blocks()
    # A template that another one includes shares the variables of that one.
    if wanted is not None and not shared:
        wanted.watch(context)
    return context


def _noting(name: str, note: Callable[[Collection[str]], None]) -> Any:
    def render(context: Context) -> Iterator[str]:
        parts: list[str] = []
        _set_flashes(None)
        try:
            for part in context.blocks[name][1](context):
                parts.append(part)
                yield part
        finally:
            _set_flashes([])
        note(parts)

    return render


def _noting_async(name: str, note: Callable[[Collection[str]], None]) -> Any:
    async def render(context: Context) -> AsyncIterator[str]:
        parts: list[str] = []
        _set_flashes(None)
        try:
            block: Any = context.blocks[name][1](context)
            async for part in block:
                parts.append(part)
                yield part
        finally:
            _set_flashes([])
        note(parts)

    return render


def _set_flashes(flashes: list[Any] | None) -> None:
    """Say which messages ``get_flashed_messages()`` gives; None: it takes those of the session."""
    setattr(_CONTEXT._get_current_object(), _FLASHES, flashes)
