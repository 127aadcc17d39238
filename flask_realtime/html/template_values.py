"""Resolves proxies in the values for a fragment's template, such as ``current_user``.

A proxy stands for the user of a request, and a fragment may be rendered when that request is over.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from werkzeug.local import LocalProxy

_SEQUENCES = (list, tuple, set, frozenset)


def resolve(value: Any) -> Any:
    """Return what *value* stands for now, if it is a proxy such as ``current_user``.

    A list, a tuple, a set or a dict that holds a proxy is returned as one that holds what the proxy
    stands for. Anything else is returned as it is.
    """
    if isinstance(value, LocalProxy):
        return value._get_current_object()
    kind = type(value)
    if kind in _SEQUENCES and any(isinstance(one, LocalProxy) for one in value):
        return kind(resolve(one) for one in value)
    if kind is dict and any(isinstance(one, LocalProxy) for one in value.values()):
        return {key: resolve(one) for key, one in value.items()}
    return value


def held_proxies(variables: dict[str, Any]) -> Iterator[str]:
    """Yield the attributes of what is passed that are proxies, as ``bid.user``.

    They are left alone, since an object may live longer than the request and hold a proxy on
    purpose, and they stand for nobody in a fragment.
    """
    for name, value in variables.items():
        found: dict[str, None] = {}
        for one in _each(value):
            held = getattr(one, "__dict__", {})
            found.update((key, None) for key in held if isinstance(held[key], LocalProxy))
        yield from (f"{name}.{key}" for key in found)


def _each(value: Any) -> Collection[Any]:
    if type(value) in _SEQUENCES:
        return value  # type: ignore[no-any-return]
    return value.values() if type(value) is dict else (value,)
