"""Flask-WTF's CSRF protection, where an app has it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask


def exempt_from_csrf(app: Flask, view: Callable[..., Any]) -> None:
    """Exempt *view* from CSRF protection, since it checks the request's origin by itself."""
    exempt = getattr(app.extensions.get("csrf"), "exempt", None)
    if exempt is not None:
        exempt(view)
