"""``@realtime.subscribes``: a view subscribes the page that it renders."""

from __future__ import annotations

import inspect
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar

from .html.blocks import wanted_blocks
from .page.advice import note_decorated
from .protocol.channels import check_format, names_of
from .protocol.starts import check_last

if TYPE_CHECKING:
    from .sockets import Socket

View = TypeVar("View", bound=Callable[..., Any])

#: A format of a channel's name, filled with the view's arguments; or a function of these arguments
#: that returns names.
Names = str | Callable[..., str | Iterable[str] | None]

_WITHOUT_PARENTHESES = (
    '@realtime.subscribes was used without parentheses: write @realtime.subscribes("channel"), '
    "or @realtime.subscribes() for a page that is subscribed to the channel of its user only."
)


class Subscribing(ABC):
    """The part of :class:`~flask_realtime.Realtime` that subscribes pages by their views."""

    @property
    @abstractmethod
    def socket(self) -> Socket:
        """The client of the current request."""

    def subscribes(self, *names: Names, last: int = 0) -> Callable[[View], View]:
        """Subscribe the page that the decorated view renders, before the view runs.

        What is pushed while the view queries its data reaches the page. A response whose status is
        neither 2xx nor 422 leaves no subscription; a page that is open already is subscribed once
        the view has succeeded, or has returned a whole page with status 422. Requests for a block
        subscribe nobody.
        The subscriptions end when the page shows another view without being loaded anew, by a
        boosted link of htmx for example. The view's return value is passed on unchanged::

            @app.get("/rooms/<int:room>")
            @realtime.subscribes("room:{room}")
            def show(room): ...

        :param names: formats of channel names, filled with the view's arguments; or functions of
            these arguments that return one name, several, or None. Without any names the page hears
            what is pushed to its user, from before the view runs. If a request makes a name that no
            channel can have, it is answered 404; the log says why, once for each view.
        :param last: how many older messages of each channel the page gets first, as far as the
            log reaches; at most ``REALTIME_HISTORY_SIZE``. See ``realtime.socket.subscribe``.
        :raises TypeError: at decoration, if a name is neither text nor a function, or *last* is no
            whole number.
        :raises InvalidChannel: at decoration, if a format gives no valid channel name.
        :raises ValueError: at decoration, if *last* is negative; in a request, if *last* is more
            than a log keeps.
        """
        check_last(last)
        for one in names:
            if not (isinstance(one, str) or callable(one)):
                raise TypeError(
                    f"@realtime.subscribes takes formats such as 'room:{{room}}', or functions of "
                    f"the view's arguments, not {one!r}."
                )
            if isinstance(one, str):
                check_format(one)

        return _Decorator(lambda arguments: self._subscribe_page(names, last, arguments))

    def _subscribe_page(self, names: Iterable[Names], last: int, arguments: dict[str, Any]) -> None:
        if wanted_blocks() is not None:
            return
        given = [name for one in names for name in _named(one, arguments)]
        self.socket.subscribe_view(given, last)


class _Decorator:
    """Subscribes the page of each view that it is called with.

    :param subscribe: subscribes the page, given the view's arguments.
    """

    def __init__(self, subscribe: Callable[[dict[str, Any]], None]) -> None:
        self._subscribe = subscribe

    @property
    def __name__(self) -> str:
        # Flask asks a view for its name. Without parentheses this object stands in a view's place.
        raise TypeError(_WITHOUT_PARENTHESES)

    def __call__(self, view: View | None = None, /, **arguments: Any) -> View:
        if view is None:
            raise TypeError(_WITHOUT_PARENTHESES)
        if inspect.iscoroutinefunction(view):

            @wraps(view)
            async def call_async(*args: Any, **kwargs: Any) -> Any:
                self._subscribe(kwargs)
                return await view(*args, **kwargs)

            note_decorated(view)
            return call_async  # type: ignore[return-value]

        @wraps(view)
        def call(*args: Any, **kwargs: Any) -> Any:
            self._subscribe(kwargs)
            return view(*args, **kwargs)

        note_decorated(view)
        return call  # type: ignore[return-value]


def _named(names: Names, arguments: dict[str, Any]) -> list[str]:
    if not isinstance(names, str):
        try:
            return names_of(names(**arguments), "@realtime.subscribes")
        except TypeError:
            _check_takes(names, arguments)
            raise
    try:
        return [names.format(**arguments)]
    except (KeyError, IndexError, AttributeError) as error:
        raise LookupError(
            f"@realtime.subscribes({names!r}) needs {error}, but the view's arguments are: "
            f"{', '.join(arguments) or 'none'}."
        ) from error


def _check_takes(function: Callable[..., Any], arguments: dict[str, Any]) -> None:
    """Raise a TypeError that says what to write if *function* does not take *arguments*."""
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        # Some functions that are written in C do not tell their parameters.
        return
    try:
        signature.bind(**arguments)
    except TypeError as error:
        raise TypeError(
            f"The function of @realtime.subscribes is called with the arguments of the view, "
            f"{', '.join(arguments) or 'none here'}, and its parameters are {signature}: {error}."
        ) from None
