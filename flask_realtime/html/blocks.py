"""One block of the template that a view has rendered."""

from __future__ import annotations

from typing import Any

from flask import Flask, before_render_template, has_request_context, request
from jinja2 import Template
from jinja2.runtime import Context

_WANTED = "flask_realtime.partial"


class NoPartial(LookupError):
    """The block that is wanted is not there."""


def want_partial(app: Flask) -> None:
    """Have the template noted that the current request will render last."""
    request.environ[_WANTED] = None
    # Connected many times it is connected once.
    before_render_template.connect(_note, app)


def render_partial(name: str) -> str:
    """The block *name* of the template that the current request rendered, as it stood there.

    :raises NoPartial: if the request rendered none, or there is no such block.
    """
    rendered = request.environ[_WANTED]
    if rendered is None:
        raise NoPartial(
            f"There is no partial {name!r}: {request.method} {request.path} renders no template."
        )
    template, variables = rendered
    # The blocks of a parent are there once the rendering has begun.
    context = template.new_context(variables)
    _begin(template, context)
    if name not in context.blocks:
        known = ", ".join(sorted(context.blocks)) or "none"
        raise NoPartial(
            f"The template {template.name!r} has no block {name!r}; there are: {known}."
        )
    return _render(template, variables, context, name)


def _note(app: Flask, template: Template, context: dict[str, Any], **_extra: Any) -> None:
    if has_request_context() and _WANTED in request.environ:
        request.environ[_WANTED] = (template, context)


def _begin(template: Template, context: Context) -> None:
    for _ in template.root_render_func(context):
        return


def _render(template: Template, variables: dict[str, Any], begun: Context, name: str) -> str:
    """Render up to the end of the block, so that it sees what the template sets before it."""
    block = begun.blocks[name][0]
    parts: list[str] = []
    is_done = False

    def record(context: Context) -> Any:
        nonlocal is_done
        for part in block(context):
            parts.append(part)
            yield part
        is_done = True

    context = template.new_context(variables)
    context.blocks = {key: list(functions) for key, functions in begun.blocks.items()}
    # In front of the block itself, beside which super() looks for its parent.
    context.blocks[name].insert(0, record)
    for _ in template.root_render_func(context):
        if is_done:
            return "".join(parts)
    # It stands where this page did not come by.
    return "".join(parts) if is_done else "".join(block(begun))
