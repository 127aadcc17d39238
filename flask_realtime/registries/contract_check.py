"""Checks a registry of the app's own: whether its methods take and return what they are to."""

from __future__ import annotations

import contextlib
import functools
import inspect
from collections.abc import Callable, Collection, Iterator, Mapping
from types import FunctionType
from typing import Any

from ..errors import InvalidSetting
from ..signatures import own_signature
from .base import Registry
from .records import Arrival

# Arguments that earlier versions gave. A method that has one takes a call of today for another one,
# and would end what it is to keep.
_GIVEN_BEFORE = {"connect": "age", "unsubscribe": "age"}
# What has to be returned by the methods whose answers are looked into.
_RETURNED: dict[str, type] = {
    "collect": Collection,
    "connect": Arrival,
    "health": Mapping,
    "matching": Collection,
    "read": Mapping,
    "restore": Collection,
    "rewind": Mapping,
    "subscriptions": Mapping,
}
_METHODS = {
    name: method
    for name, method in inspect.getmembers(Registry, inspect.isfunction)
    if not name.startswith("_")
}


def check_methods(registry: Any) -> None:
    """Check that *registry* has each method, and that each takes what it will be given.

    What the registry inherits from :class:`Registry` is not looked at, nor are methods whose
    parameters are not known, such as those of a proxy, or what a property of a class returns.

    :param registry: what ``REALTIME_REGISTRY`` names: a class or an instance.
    :raises InvalidSetting: with every method that has to be changed, and how.
    """
    faults = [fault for name in _METHODS if (fault := _fault(registry, name))]
    if faults:
        raise InvalidSetting(
            f"REALTIME_REGISTRY names {_name(registry)}, which cannot be called as it will be. "
            f"{' '.join(faults)} Compare it with help(flask_realtime.Registry)."
        )


def check_answers(registry: Any) -> None:
    """Have the methods of a registry raise an error that names the method, wherever they return
    what they are not to: else the error would come later, from elsewhere, and name nothing.

    :param registry: an instance, whose methods are replaced. One that takes no attributes stays as
        it is, and so does a method without a name, which a test may have made.
    """
    for name in _RETURNED:
        method = getattr(registry, name)
        if not hasattr(method, "is_checked"):
            with contextlib.suppress(AttributeError, TypeError):
                setattr(registry, name, _checked(method, name, _name(registry)))


def _fault(registry: Any, name: str) -> str:
    """Return what has to be changed about a method; an empty text if there is nothing."""
    contract = _METHODS[name]
    method = getattr(registry, name, None)
    wanted = _shown(contract)
    if _is_made_later(registry, name) and not getattr(method, "__isabstractmethod__", False):
        return ""
    if not callable(method) or getattr(method, "__isabstractmethod__", False):
        return f"It has no method {name}{wanted}: write one."
    owner = registry if isinstance(registry, type) else type(registry)
    if getattr(owner, name, None) is contract:
        return ""
    found = own_signature(method)
    if found is None or _takes_calls(found, contract, _gets_itself(registry, name)):
        gone = _GIVEN_BEFORE.get(name)
        if found is None or gone not in found.parameters:
            return ""
        return f"The method {name} gets no {gone!r} any more: write {name}{wanted}."
    return f"The parameters of {name} are {found}: write {name}{wanted}."


def _is_made_later(registry: Any, name: str) -> bool:
    """Return whether only an instance of this class tells what its method is: it may be a property,
    or a :class:`functools.partialmethod`."""
    found = inspect.getattr_static(registry, name, None) if isinstance(registry, type) else None
    is_plain = isinstance(found, (FunctionType, staticmethod, classmethod))
    return not is_plain and hasattr(type(found), "__get__")


def _gets_itself(registry: Any, name: str) -> bool:
    """Return whether a method is looked up on a class, and so shows its ``self``."""
    is_class = isinstance(registry, type)
    return is_class and isinstance(inspect.getattr_static(registry, name), FunctionType)


def _takes_calls(found: inspect.Signature, contract: FunctionType, gets_itself: bool) -> bool:
    for arguments, keywords in _calls(contract):
        try:
            found.bind(*(("self", *arguments) if gets_itself else arguments), **keywords)
        except TypeError:
            return False
    return True


def _calls(contract: FunctionType) -> Iterator[tuple[tuple[str, ...], dict[str, str]]]:
    """Yield the shortest and the longest call that the contract of a method allows."""
    parameters = list(inspect.signature(contract).parameters.values())[1:]
    positional = [one for one in parameters if one.kind is not one.KEYWORD_ONLY]
    yield tuple([one.name for one in positional if one.default is one.empty]), {}
    keywords = {one.name: one.name for one in parameters if one.kind is one.KEYWORD_ONLY}
    yield tuple([one.name for one in positional]), keywords


def _shown(contract: FunctionType) -> str:
    signature = inspect.signature(contract)
    bare = [one.replace(annotation=one.empty) for one in signature.parameters.values()]
    return str(signature.replace(parameters=bare, return_annotation=signature.empty))


def _checked(method: Callable[..., Any], name: str, shown: str) -> Callable[..., Any]:
    kind, wanted = _RETURNED[name], _METHODS[name].__annotations__["return"]

    @functools.wraps(method)
    def checked(*arguments: Any, **keywords: Any) -> Any:
        answer = method(*arguments, **keywords)
        if not isinstance(answer, kind):
            raise TypeError(
                f"{shown}.{name}() has returned {answer!r:.100}, and is to return {wanted}: see "
                f"help(flask_realtime.Registry.{name})."
            )
        return answer

    checked.is_checked = True  # type: ignore[attr-defined]
    return checked


def _name(registry: Any) -> str:
    return registry.__name__ if isinstance(registry, type) else type(registry).__name__
