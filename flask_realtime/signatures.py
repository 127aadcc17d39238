"""Checks, where an app registers a function, that the function can be called as it will be."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from types import FunctionType
from typing import Any

_WITHOUT_EVALUATION: dict[str, Any] = {}
if sys.version_info >= (3, 14):
    from annotationlib import Format

    # An annotation may name what is imported for type checkers alone.
    _WITHOUT_EVALUATION["annotation_format"] = Format.FORWARDREF


def check_arguments(function: Callable[..., Any], arguments: tuple[str, ...], what: str) -> None:
    """Check that *function* can be called with as many positional arguments as there are names.

    A function whose own parameters are not known passes: some that are written in C, and proxies.

    :param function: what the app registers.
    :param arguments: for each argument a name that the error suggests.
    :param what: what registers the function, such as ``"@realtime.on_join"``, for the error.
    :raises TypeError: if the call would fail.
    """
    signature = own_signature(function)
    if signature is None:
        return
    try:
        signature.bind(*arguments)
    except TypeError:
        name = getattr(function, "__name__", type(function).__name__)
        given = f"one argument, {arguments[0]!r}" if arguments else "no arguments"
        raise TypeError(
            f"{what} calls its function with {given}, and the parameters of {name!r} are "
            f"{signature}: write ({', '.join(arguments)}) in their place."
        ) from None


def own_signature(function: Callable[..., Any]) -> inspect.Signature | None:
    """Return the parameters of *function* itself; None if they are not known.

    They are not known of some functions that are written in C, and of proxies.
    """
    is_proxy = type(function) is not FunctionType and hasattr(function, "__wrapped__")
    if is_proxy or hasattr(function, "__signature__"):
        # Decorators such as those of wrapt show the parameters of the function inside, and
        # functools.wraps copies the parameters that the function inside claims to have.
        return None
    try:
        # The outermost wrapper counts: it may give the function inside more than it is given.
        return inspect.signature(function, follow_wrapped=False, **_WITHOUT_EVALUATION)
    except (TypeError, ValueError):
        return None
