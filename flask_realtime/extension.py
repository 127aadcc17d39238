"""The extension object: settings, push, socket and decorators; ties the parts together."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any, TypeVar

from flask import Flask, current_app, has_app_context, has_request_context

from .app_publisher import AppPublisher
from .app_state import AppState
from .config.settings import Config
from .errors import AlreadyRegistered, NoContext, SetupFinished
from .html.blocks import wanted_blocks
from .messages.call_route import call_route
from .messages.call_rules import Opened, open_to_calls
from .messages.conversation import is_socket_request
from .messages.handlers import Handlers, check_action
from .messages.hooks import Hooks
from .page.identify import Identify
from .pushing import Pushing
from .signals import socket_joined, socket_left
from .sockets import Socket
from .subscribing import Subscribing
from .users import User

Function = TypeVar("Function", bound=Callable[..., Any])


class Realtime(Pushing, Subscribing):
    """Pushes messages from the views of Flask apps to browsers, and takes calls from them.

    ::

        realtime = Realtime(app)

        @app.get("/rooms/<room>")
        def show(room):
            realtime.socket.subscribe(f"room:{room}")    # first: from here on nothing is missed
            return render_template("room.html", messages=Message.in_room(room))

        @app.post("/rooms/<room>/messages")
        def say(room):
            realtime.push({"text": request.form["text"]}, f"room:{room}")
            return "", 204

    One object may serve several apps; what belongs to an app stands in
    ``app.extensions["realtime"]``.

    :param app: the app to register with at once; None: call :meth:`init_app` later.
    :raises AlreadyRegistered: if the app has a :class:`Realtime` already.
    :raises InvalidSetting: if a ``REALTIME_*`` setting cannot be used.
    """

    def __init__(self, app: Flask | None = None) -> None:
        self._handlers = Handlers()
        self._handlers.add("call-route", call_route)
        self._on_join = Hooks(socket_joined)
        self._on_leave = Hooks(socket_left)
        self._identify = Identify()
        # A list, because iterating a WeakSet takes a sixth of a push made outside an app context.
        self._apps: list[weakref.ref[Flask]] = []
        if app is not None:
            self.init_app(app)

    def init_app(self, app: Flask) -> None:
        """Register with *app*: its pages, the route of its sockets, the session path.

        Nothing is connected before the first use. Settings are read now, so set them before.

        :param app: the app; it may have one :class:`Realtime`.
        :raises AlreadyRegistered: if the app has a :class:`Realtime` already.
        :raises InvalidSetting: if a ``REALTIME_*`` setting cannot be used.
        """
        if "realtime" in app.extensions:
            raise AlreadyRegistered(
                f"The app {app.name!r} has a Realtime already: call init_app once an app, or leave "
                f"out init_app where you say Realtime(app)."
            )
        config = Config.from_mapping(app.config)
        app.extensions["realtime"] = AppState(
            app, config, self._handlers, self._on_join, self._on_leave, self._identify
        )
        self._apps = [weakref.ref(one) for one in (*self._living_apps(), app)]

    @property
    def socket(self) -> Socket:
        """The client of the current request: the page that made it, or that it will render.

        :raises NoContext: outside of a request, a view, or a handler.
        """
        if not has_request_context():
            raise NoContext(
                "realtime.socket is the client of the current request, and there is none here: "
                "use it in a view or a handler; to push from elsewhere use realtime.push()."
            )
        state = self._state()
        return Socket(
            state.grants,
            state.settlement,
            state.publisher,
            state.config.enabled,
            state.config.history_size,
        )

    @property
    def blocks(self) -> frozenset[str]:
        """The blocks that the current request wants; empty where the whole page is wanted.

        A page that refreshes some of its blocks asks its own view for them. The view may leave
        out the queries of all others.
        """
        wanted = wanted_blocks()
        return frozenset() if wanted is None else wanted.names

    @property
    def is_socket_request(self) -> bool:
        """True while a message of a socket is handled, False in a request that came by HTTP."""
        return is_socket_request()

    def drain(self, seconds: float | None = None) -> None:
        """Close all sockets of this process (1012), so that their clients go elsewhere.

        Returns when they have ended; what was being handled is answered first. New sockets are
        refused from now on. A second call waits for the first one to be done. gunicorn's workers
        do this by themselves when they stop.

        :param seconds: over how long the closing is spread; None: ``REALTIME_DRAIN_SECONDS``.
        """
        self._state().drain(seconds)

    def health(self, app: Flask | None = None) -> dict[str, Any]:
        """Return the state of this process, for the checks of a load balancer for example.

        :param app: whose state is asked for; None: the current app's, or the only one's.
        :raises NoContext: if the app is not registered, or if it is not clear which app is meant.
        :returns: ``reachable`` and ``listening`` of the registry (bool), ``lag_seconds`` (float or
            None), ``registry`` (its kind, None where disabled), ``connections``, ``channels`` and
            ``draining``.
        """
        return (self._state() if app is None else _state_of(app)).health()

    def handler(self, action: str) -> Callable[[Function], Function]:
        """Let the decorated function answer the client messages whose ``action`` is *action*.

        The function is called with the message's data, whatever JSON that is, in a request
        context of its own, after the app's ``before_request`` functions. It may return whatever a
        view may return.

        :raises AlreadyRegistered: if the action has a handler.
        :raises SetupFinished: after the first request.
        :raises TypeError: if *action* is no text, as where the decorator has no parentheses.
        """
        check_action(action)
        self._check_setup(f"@realtime.handler({action!r})")

        def register(function: Function) -> Function:
            self._handlers.add(action, function)
            return function

        return register

    def allow_calls(self, target: Opened) -> Opened:
        """Let the browser call the decorated view over its socket: by ``realtime.call``, or by a
        form or a link with ``data-realtime``.

        A rule by path in front of the app (a proxy's, a WSGI middleware's, a firewall's, a rate
        limit) does not see such a call. What the app itself runs, runs for a call too:
        ``before_request`` functions, log-in, CSRF protection. A view that is not open is asked by
        HTTP.

        :param target: a view, a class of views, a method of one, or a blueprint. A blueprint opens
            its own views, and not those of blueprints that are nested in it. Everything else is
            opened by ``REALTIME_ALLOW_CALLS``.
        :returns: *target*, so that this can be a decorator, above or below ``route``.
        :raises TypeError: if *target* is none of these.
        """
        return open_to_calls(target)

    def identify(self, function: Any) -> Any:
        """Have the decorated function say who a session belongs to.

        The function takes no arguments, reads ``flask.session``, and returns the user's id (a
        text, a whole number or a UUID), or None for a stranger. It is called often, so it must not
        touch a database: for the session as it came with a request, and for the session as the
        request leaves it. An app with Flask-Login or Flask-Security only says
        ``realtime.identify(flask_login)``, with the module itself.

        From then on what a page was granted ends with its log-in: when a user logs in or out, or
        another one logs in, the pages that were open are closed (4001) and reload, and nobody
        comes back to them with an earlier cookie. :meth:`to_user` and :meth:`user` name users by
        the same ids.

        :param function: the function, or the module ``flask_login``.
        :returns: *function*.
        :raises AlreadyRegistered: if there is one already.
        :raises SetupFinished: after the first request.
        :raises TypeError: if it is neither a function nor that module.
        """
        self._check_setup("realtime.identify")
        self._identify.set(function)
        return function

    def user(self, user_id: Any) -> User:
        """Return the user of this id, to close the user's sockets or to put the user out of a
        channel.

        :param user_id: what the function of :meth:`identify` returns for the user; 42 and
            ``"42"`` are the same.
        :raises InvalidIdentity: if it is None, empty, or no id.
        """
        self._expect_users()
        state = self._state()
        return User(lambda: state.node() if state.config.enabled else None, user_id)

    def on_join(self, function: Function) -> Function:
        """Run the decorated function once for each socket that opens, in its process.

        The function has no arguments; its context is like a handler's. A page whose link was
        lost opens another socket: then ``realtime.socket.is_resumed`` is True.

        :raises SetupFinished: after the first request.
        """
        self._check_setup("@realtime.on_join")
        self._on_join.add(function)
        return function

    def on_leave(self, function: Function) -> Function:
        """Run the decorated function once for each socket that has ended, in its process.

        The function has no arguments; its context is like a handler's. A process that is killed
        does not run it.

        :raises SetupFinished: after the first request.
        """
        self._check_setup("@realtime.on_leave")
        self._on_leave.add(function)
        return function

    def _check_setup(self, what: str) -> None:
        if any(app.extensions["realtime"].has_served for app in self._living_apps()):
            raise SetupFinished(
                f"{what} was used after the app had handled its first request; decorate at import, "
                f"or before the app is served."
            )

    def _living_apps(self) -> list[Flask]:
        return [app for one in self._apps if (app := one()) is not None]

    def _publisher(self) -> AppPublisher:
        return self._state().publisher

    def _expect_users(self) -> None:
        self._identify.warn_if_nobody_is_known()

    def _state(self) -> AppState:
        if has_app_context():
            return _state_of(current_app)
        apps = self._living_apps()
        if len(apps) == 1:
            return _state_of(apps[0])
        raise NoContext(
            f"There is no app context here, and {len(apps) or 'no'} apps were initialised, so it "
            f"is not clear which is meant: use 'with app.app_context():'."
        )


def _state_of(app: Flask) -> AppState:
    state: AppState | None = app.extensions.get("realtime")
    if state is None:
        raise NoContext(f"The app {app.name!r} is not registered: call realtime.init_app(app).")
    return state
