"""The marks by which views, classes of views and blueprints are open to calls."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from inspect import unwrap
from types import MethodType
from typing import Any, TypeVar
from weakref import ref

from flask import Blueprint, Flask

Opened = TypeVar("Opened")

_MARK = "flask_realtime_allows_calls"
# Set on a function that is a method, and open to calls for some objects alone: a list of functions,
# each of which returns one of these objects, or None once that is gone.
_OBJECTS = "flask_realtime_opened_objects"
# Set on realtime.allow_calls itself, by which it is known among the decorators of a class.
_OPENS = "flask_realtime_opens_to_calls"


def open_to_calls(target: Opened) -> Opened:
    """Mark *target* as open to calls, and return it.

    Decorators that copy a function's attributes, as those with :func:`functools.wraps` do, copy the
    mark too, so that this decorator may stand above or below them.

    :param target: a view, a class of views, or a blueprint.
    :raises TypeError: if *target* is none of these, or a class of which no view is made.
    """
    if isinstance(target, MethodType):
        # Other objects, and classes that are not open, have the same function.
        _open_for(target.__self__, target.__func__)
        return target
    _check_markable(target)
    setattr(target, _MARK, True)
    return target


def opens_to_calls(decorator: Opened) -> Opened:
    """Have *decorator* known as one that opens to calls what it decorates; return it."""
    setattr(decorator, _OPENS, True)
    return decorator


def is_opened(view: Any, blueprint: object, method: str) -> bool:
    """Return whether an endpoint is open to calls: its view, that one's class, the function of that
    class for the HTTP method, or the blueprint.

    :param view: the view function, None if there is none.
    :param blueprint: the blueprint that has the endpoint, None if none has.
    """
    view_class = getattr(view, "view_class", None)
    function = method.lower()
    if method == "HEAD" and not hasattr(view_class, "head"):
        function = "get"
    if _is_opened_at_each_request(view_class, method):
        return True
    return any(
        # The object's own attributes: a class does not inherit that its base class is open.
        _MARK in getattr(one, "__dict__", ()) or _is_opened_for_its_object(one)
        for one in (view, view_class, getattr(view_class, function, None), blueprint)
    )


def _check_markable(target: Any) -> None:
    """Check that calls can be allowed by a mark of *target*.

    :raises TypeError: if it is no view, class of views or blueprint; or if it is a class that makes
        no view of its own, so that nothing would lead from the app's routes to its mark.
    """
    is_markable = callable(target) or isinstance(target, Blueprint)
    if not is_markable or isinstance(target, Flask):
        raise TypeError(
            f"allow_calls takes a view, a class of views or a blueprint, not {target!r}. To open a "
            f"whole app, set REALTIME_ALLOW_CALLS to True."
        )
    # Flask-Admin, Flask-Classful and Flask-OpenAPI3 make a view of each method, which does not know
    # the class.
    if isinstance(target, type) and not hasattr(target, "as_view"):
        raise TypeError(
            f"allow_calls would open nothing by a mark of the class {target.__name__!r}, which has "
            f"no as_view() as Flask's classes of views have: its methods are views one by one. "
            f"Write @realtime.allow_calls above those methods that may be called over a socket."
        )


def _open_for(owner: object, function: Any) -> None:
    """Open to calls the method of *owner* that *function* is."""
    found = [(one, one()) for one in getattr(function, _OBJECTS, ())]
    others = [one for one, its in found if its is not None and its is not owner]
    setattr(function, _OBJECTS, [*others, _holder_of(owner)])


def _holder_of(owner: object) -> Callable[[], object]:
    """Return a function that returns *owner*, without keeping it alive where its class allows."""
    try:
        return ref(owner)
    except TypeError:
        # Its class has slots alone, and none for weak references.
        return lambda: owner


def _is_opened_for_its_object(view: Any) -> bool:
    """Return whether *view* is a method that is open, or a function that wraps one."""
    try:
        method = unwrap(view, stop=lambda one: isinstance(one, MethodType))
    except ValueError:  # It wraps itself, as by functools.wraps(view)(view).
        return False
    opened = getattr(method, _OBJECTS, ()) if isinstance(method, MethodType) else ()
    return any(one() is method.__self__ for one in opened)


def _is_opened_at_each_request(view_class: Any, method: str) -> bool:
    """Return whether a resource of Flask-RESTful or Flask-RESTX, by its ``method_decorators``,
    decorates the function for *method* with ``realtime.allow_calls`` at each request.

    Both take a list, for all methods; Flask-RESTful also takes a list for each, by its name in
    lower case.
    """
    decorators: Any = getattr(view_class, "method_decorators", ())
    if isinstance(decorators, Mapping):
        decorators = decorators.get(method.lower(), ())
    # Anything else, such as a property, is for the class's own code.
    is_list = isinstance(decorators, Iterable)
    return is_list and any(getattr(one, _OPENS, None) is True for one in decorators)
