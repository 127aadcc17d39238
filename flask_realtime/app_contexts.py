"""The app's context around code of the app's that we call, wherever that happens."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask, current_app


@contextmanager
def within(app: Flask) -> Iterator[None]:
    """Have the code inside see *app* as ``current_app``: in the context that there is, if it is
    the app's, or else in one of its own."""
    # False where there is no context.
    if current_app and current_app._get_current_object() is app:  # type: ignore[attr-defined]
        yield
        return
    with app.app_context():
        yield
