"""The extension object: what an app calls."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any, TypeVar

from flask import Flask, current_app, has_app_context, has_request_context

from .app_publisher import AppPublisher
from .app_state import AppState
from .config.settings import Config
from .errors import AlreadyRegistered, NoContext, SetupFinished
from .flask_contexts import check_app, present_app
from .html.blocks import wanted_blocks
from .messages.call_marks import Opened, open_to_calls, opens_to_calls
from .messages.call_route import call_route
from .messages.conversation import is_socket_request
from .messages.handlers import Handlers, check_action
from .messages.hooks import Hooks
from .page.user_loader import Identify
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
            realtime.socket.subscribe(f"room:{room}")    # before reading: nothing falls between
            return render_template("room.html", messages=Message.in_room(room))

        @app.post("/rooms/<room>/messages")
        def say(room):
            realtime.push({"text": request.form["text"]}, f"room:{room}")
            return "", 204

    One object may serve several apps: the state of each is kept in the app itself.

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
        # A list: iterating a WeakSet takes a sixth of the time of a push outside an app context.
        self._apps: list[weakref.ref[Flask]] = []
        if app is not None:
            self.init_app(app)

    def init_app(self, app: Flask) -> None:
        """Register with *app*: stamp its pages, and add the routes of its sockets and its script.

        The ``REALTIME_*`` settings are read now; Redis is connected to at the first use.

        :param app: the app, which may have one :class:`Realtime`.
        :raises AlreadyRegistered: if the app has a :class:`Realtime` already.
        :raises InvalidSetting: if a ``REALTIME_*`` setting cannot be used.
        :raises TypeError: if *app* is no app, but for example a blueprint or a name.
        """
        check_app(app)
        if "realtime" in app.extensions:
            raise AlreadyRegistered(
                f"The app {app.name!r} has a Realtime already: call init_app once for each app, "
                f"and not at all for an app that was passed to Realtime(app)."
            )
        config = Config.from_mapping(app.config)
        app.extensions["realtime"] = AppState(
            app, config, self._handlers, self._on_join, self._on_leave, self._identify
        )
        self._apps = [weakref.ref(one) for one in (*self._living_apps(), app)]

    @property
    def socket(self) -> Socket:
        """The client of the current request: the page that made it, or the page that it renders.

        :raises NoContext: if there is no current request.
        """
        if not has_request_context():
            raise NoContext(
                "realtime.socket is the client of the current request, and there is no request "
                "here: use it in a view or a handler; to push from elsewhere use realtime.push()."
            )
        state = self._state()
        return Socket(
            state.grants,
            state.end_of_request,
            state.publisher,
            state.config.enabled,
            state.config.history_size,
        )

    @property
    def blocks(self) -> frozenset[str]:
        """The names of the blocks that the current request asks for; empty for a whole page.

        A page that refreshes some of its blocks asks its own view for them. The view may then
        leave out the queries that only other blocks need.
        """
        wanted = wanted_blocks()
        return frozenset() if wanted is None else wanted.names

    @property
    def is_socket_request(self) -> bool:
        """Whether the current request is a message of a socket; False for a request over HTTP."""
        return is_socket_request()

    def drain(self, seconds: float | None = None) -> None:
        """Close all sockets of this process (code 1012), so that their pages connect elsewhere.

        Returns when all sockets are closed; messages that are being handled are answered first.
        New sockets are refused from now on. A second call waits until the first one is done.
        gunicorn's workers do this by themselves when they stop.

        :param seconds: over how many the closing is spread; None: ``REALTIME_DRAIN_SECONDS``.
        :raises ValueError: if *seconds* is no number from 0 to 86,400.
        """
        self._state().drain(seconds)

    def health(self, app: Flask | None = None) -> dict[str, Any]:
        """Return the state of this process, for the checks of a load balancer for example.

        :param app: the app whose state is asked for; None: the current app, or the only one.
        :returns: a dict with ``registry`` (the kind: ``"redis"`` for example; None if disabled),
            ``reachable`` (bool: whether Redis answers), ``listening`` (bool: whether pushes of
            other processes arrive; not before a socket has opened), ``lag_seconds`` (float: how
            late they arrive; None: not known), with Redis ``may_evict_keys`` (bool: whether it may
            drop keys; None: not known), ``connections`` and ``channels`` (int: how many this
            process has) and ``draining`` (bool).
        :raises NoContext: if the app is not registered, or if it is not clear which app is meant.
        """
        return (self._state() if app is None else _state_of(app)).health()

    def handler(self, action: str) -> Callable[[Function], Function]:
        """Decorate the function that answers the messages whose ``action`` is *action*.

        The function is called with the message's data, which may be any JSON value, in a request
        context of its own, after the app's ``before_request`` functions. It may return whatever a
        view may return::

            @realtime.handler("rename")
            def rename(data):
                ...
                return {"name": data["name"]}

        :param action: what the browser gives as ``realtime.send("rename", …)``.
        :raises AlreadyRegistered: if the action has a handler already.
        :raises SetupFinished: if the app has handled its first request.
        :raises TypeError: if *action* is no text, or the function does not take one argument.
        """
        check_action(action)
        self._check_setup(f"@realtime.handler({action!r})")

        def register(function: Function) -> Function:
            self._handlers.add(action, function)
            return function

        return register

    @opens_to_calls
    def allow_calls(self, target: Opened) -> Opened:
        """Let the browser call the decorated view over its socket.

        It does so by ``realtime.call``, or by a form or a link with ``data-realtime``. Rules by
        path that stand in front of the app do not see such a call: those of a proxy, a WSGI
        middleware, a firewall or a rate limit. What the app itself runs, runs for a call too:
        ``before_request`` functions, log-in, CSRF protection. Views that are not open are
        requested by HTTP.

        :param target: a view, a class of views (or by its ``method_decorators``), a method of one,
            or a blueprint. A blueprint opens its own views, and not those of blueprints that are
            nested in it. The setting ``REALTIME_ALLOW_CALLS`` opens all others.
        :returns: *target*, so that this can be a decorator, above or below ``route``.
        :raises TypeError: if *target* is none of these.
        """
        return open_to_calls(target)

    def identify(self, function: Any) -> Any:
        """Decorate the function that says which user a session belongs to.

        The function takes no arguments, reads ``flask.session``, and returns the user's id (a
        text, a whole number or a UUID), or None for a stranger. It is called at the beginning and
        at the end of requests, so it must not query a database. An app with Flask-Login or
        Flask-Security calls ``realtime.identify(flask_login)``, with the module itself.

        What a page may hear then ends with its log-in. When a user logs in or out, or another user
        logs in, the sockets of the session's open pages are closed (code 4001) and the pages
        reload; a copy of an earlier cookie does not open them again. :meth:`to_user` and
        :meth:`user` name users by the same ids.

        :param function: the function, or the module ``flask_login``.
        :returns: *function*.
        :raises AlreadyRegistered: if there is such a function already.
        :raises SetupFinished: if the app has handled its first request.
        :raises TypeError: if *function* is neither a function without arguments nor that module.
        """
        self._check_setup("realtime.identify")
        self._identify.set(function)
        return function

    def user(self, user_id: Any) -> User:
        """Return one user, whose sockets can be closed, or whose subscriptions ended.

        ``realtime.user(42).disconnect()`` closes all sockets of the user, and
        ``realtime.user(42).unsubscribe("room:1")`` puts the user out of a channel.

        :param user_id: what the function of :meth:`identify` returns for the user; 42 and
            ``"42"`` are the same.
        :raises InvalidIdentity: if *user_id* is None, empty, or no id.
        """
        self._expect_users()
        return User(self._state().node_for_users, user_id)

    def on_join(self, function: Function) -> Function:
        """Run the decorated function once for each socket that opens, in the socket's process.

        The function takes no arguments; it runs in a request context, as a handler does. A page
        whose link was lost opens another socket: ``realtime.socket.is_resumed`` is True then.

        :param function: the function.
        :returns: *function*.
        :raises SetupFinished: if the app has handled its first request.
        :raises TypeError: if *function* is none, or needs arguments.
        """
        self._check_setup("@realtime.on_join")
        self._on_join.add(function)
        return function

    def on_leave(self, function: Function) -> Function:
        """Run the decorated function once for each socket that has ended, in the socket's process.

        The function takes no arguments; it runs in a request context, as a handler does. A process
        that is killed does not run it.

        :param function: the function.
        :returns: *function*.
        :raises SetupFinished: if the app has handled its first request.
        :raises TypeError: if *function* is none, or needs arguments.
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

    def _publishers_of_commit(self) -> list[AppPublisher]:
        app, own = present_app() if has_app_context() else None, self._living_apps()
        if app is None or app in own or "realtime" not in app.extensions:
            return [self._publisher()]
        # A commit of an app that another Realtime serves: it has its own pages refreshed.
        return [state.publisher for state in map(_state_of, own) if state.may_have_pages]

    def _expect_users(self) -> None:
        self._identify.warn_if_nobody_is_known()

    def _state(self) -> AppState:
        if has_app_context():
            return _state_of(current_app)
        apps = self._living_apps()
        if len(apps) == 1:
            return _state_of(apps[0])
        mend = "Use 'with app.app_context():'." if apps else "Call realtime.init_app(app) first."
        raise NoContext(
            f"It is not clear which app is meant: there is no app context here, and "
            f"{len(apps) or 'no'} apps were initialised. {mend}"
        )


def _state_of(app: Flask) -> AppState:
    state: AppState | None = app.extensions.get("realtime")
    if state is None:
        raise NoContext(f"The app {app.name!r} is not registered: call realtime.init_app(app).")
    return state
