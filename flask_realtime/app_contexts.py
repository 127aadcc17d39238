"""Runs code of the app in the app's context, on whatever thread."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask, current_app


@contextmanager
def within(app: Flask) -> Iterator[None]:
    """Have the code inside see *app* as ``current_app``.

    A context of the app that is there already is used; else a new one is pushed for the time.
    """
    # current_app is false if there is no context.
    if current_app and current_app._get_current_object() is app:  # type: ignore[attr-defined]
        yield
        return
    with app.app_context():
        yield
