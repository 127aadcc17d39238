"""Renders the block of a template that a fragment sends, without what stands around it."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial
from typing import Any

from jinja2 import Template
from jinja2.runtime import Context

logger = logging.getLogger(__name__)


class _Reached(Exception):
    """The wanted block is about to be rendered: what stands behind it is not wanted."""


def render_block(template: Template, block: str, variables: dict[str, Any]) -> str:
    """Return what *block* makes of *variables*.

    The block sees what its template, and a parent of it, sets and imports in front of it.

    :raises LookupError: if neither the template nor a parent has such a block.
    """
    context = template.new_context(variables)
    reached: list[Context] = []
    nothing = _fit(template, _render_nothing)
    for functions in context.blocks.values():
        functions.insert(0, nothing)
    # In front of the block itself, beside which super() looks for its parent; a parent template's
    # block comes behind it once the parent is rendered.
    context.blocks.setdefault(block, [nothing])[0] = _fit(template, partial(_reach, reached))
    _run_up_to_block(template, context)
    functions = context.blocks[block]
    if len(functions) == 1:
        names = sorted(name for name in context.blocks if name != block)
        raise LookupError(
            f"The template {template.name!r} has no block {block!r}; its blocks are: "
            f"{', '.join(names) or 'none'}."
        )
    return _run(template, functions[1], reached[0] if reached else context)


def _run_up_to_block(template: Template, context: Context) -> None:
    """Have the template, and its parents, set and import what they do in front of the block."""
    try:
        _run(template, template.root_render_func, context)
    except _Reached:
        return
    except Exception as error:
        # What is not wanted may read what a fragment is not given, or write the session.
        logger.debug(
            "An error of the template %r outside of the block that was rendered is ignored: %r",
            template.name,
            error,
        )


def _reach(reached: list[Context], context: Context) -> Iterator[str]:
    reached.append(context)
    raise _Reached
    yield ""


def _render_nothing(_context: Context) -> Iterator[str]:
    yield from ()


def _fit(template: Template, function: Callable[[Context], Iterator[str]]) -> Any:
    """Return *function* in the form in which the template's environment calls that of a block."""
    if not template.environment.is_async:
        return function

    async def render(context: Context) -> AsyncIterator[str]:
        for part in function(context):
            yield part

    return render


def _run(template: Template, function: Any, context: Context) -> str:
    """Return what a function of *template* makes of *context*.

    Jinja runs it as if it were the whole template, in an event loop where templates are async.
    """
    whole = object.__new__(type(template))
    vars(whole).update(vars(template))
    whole.root_render_func = function
    whole.new_context = lambda *_args, **_kwargs: context  # type: ignore[method-assign]
    return "".join(whole.generate())
