"""The parts of the extension that one app has, tied together: ``app.extensions["realtime"]``."""

from __future__ import annotations

import logging
from typing import Any

from flask import Flask, Request, has_request_context, request

from .app_publisher import AppPublisher
from .config.kinds import DAY, number
from .config.settings import Config
from .connection.connection import Connection
from .errors import InvalidSetting
from .flask_contexts import within
from .html.block_requests import BlockRequests
from .messages import dispatch
from .messages.conversations import Conversations
from .messages.handlers import Handlers
from .messages.hooks import Hooks
from .messages.listed_calls import check_listed
from .node.node import Node
from .node.unheard_pushes import Serving
from .outages import answer_outages
from .page import page
from .page.client import known_socket_key
from .page.hosts import keep_places_from_views
from .page.page import Page
from .page.user_loader import EXTENSION as IDENTIFY
from .page.user_loader import Identify
from .registries import make_registry, reaches_other_processes
from .registries.base import Registry
from .registries.contract_check import check_methods
from .request_hooks import request_hooks
from .session import session_path
from .session.end_of_request import EndOfRequest
from .session.page_subscriptions import Grants
from .session.session_path import SessionPath
from .threads.fork import ForkLocal
from .threads.late_imports import import_what_cannot_be_late
from .transport import route as transport
from .transport import servers
from .transport.handshake import Handshake
from .transport.route import Transport

logger = logging.getLogger(__name__)

# The health of an app with REALTIME_ENABLED False: a load balancer may send it requests.
_HEALTH_OF_NOTHING: dict[str, Any] = {
    "registry": None,
    "reachable": True,
    "listening": False,
    "lag_seconds": None,
    "connections": 0,
    "channels": 0,
    "draining": False,
}


class AppState:
    """All that one app has of the extension: its settings, pages, routes, and this process's node.

    :param app: the app, which gets its hooks and routes here.
    :param config: its settings.
    :param handlers: what answers messages, by action.
    :param on_join: run when a socket opens.
    :param on_leave: run when a socket has ended.
    :param identify: says who a session belongs to.
    :raises InvalidSetting: if a view of the app stands where this package needs one of its own, or
        if the registry of the app's own does not fit.
    """

    def __init__(
        self,
        app: Flask,
        config: Config,
        handlers: Handlers,
        on_join: Hooks,
        on_leave: Hooks,
        identify: Identify,
    ) -> None:
        if config.registry not in (None, "memory", "redis"):
            check_methods(config.registry)
        self.config = config
        self._serving = Serving()
        self._app = app
        self._handlers = handlers
        self._on_join = on_join
        self._on_leave = on_leave
        self._nodes = ForkLocal(self._make_node)
        self._was_closed = False
        if config.redis is not None or config.registry == "redis":
            import_what_cannot_be_late()
        #: Encodes what the app pushes, and hands it to the registry.
        self.publisher = AppPublisher(
            app,
            self._publishing_registry,
            config.enabled,
            lambda channel: self.node().is_heard(channel),
        )
        self._transport = Transport(config, self._admit)
        _check_endpoints(app)
        keep_places_from_views(app)
        # Before BlockRequests, which replaces the page by some of its blocks.
        Page(config).init_app(app)
        if config.enabled:
            self._transport.init_app(app)
            dispatch.add_message_view(app)
            answer_outages(app)
            SessionPath(config, self.node).init_app(app)
            BlockRequests(lambda: self.node().herd, known_socket_key).init_app(app)
        #: Subscribes the page of the current request to what it may hear.
        self.grants = Grants(self.node)
        #: Settles, at the end of a request, what becomes of its session and of its grants.
        self.end_of_request = EndOfRequest(self.node, self.grants, lambda: self.has_node)
        app.extensions[IDENTIFY] = identify
        if config.enabled:
            # After Page, so that it knows at the end of a request whether a page was stamped.
            self.end_of_request.init_app(app)
        # Last, so that a wrong setting is told of before anything else is done.
        request_hooks(app).add(begin=self._begin)

    @property
    def has_served(self) -> bool:
        """Whether the app has served its first request."""
        return self._serving.has_begun

    @property
    def has_node(self) -> bool:
        """Whether this process has a node of the app already."""
        return self._nodes.has_value

    @property
    def may_have_pages(self) -> bool:
        """Whether pages of the app may be open where a push of this process reaches them.

        An app that was closed has none, unless it was used after that.
        """
        return self.has_node or (not self._was_closed and reaches_other_processes(self.config))

    def node(self) -> Node:
        """Return this process's node of the app.

        It is made at the first use, and anew after a fork.
        """
        node = self._nodes.get()
        node.start()
        return node

    def close(self) -> None:
        """End everything that this process holds of the app: sockets, threads, the registry.

        An app that is used after that gets a new node.
        """
        self._was_closed = True
        self.publisher.close()
        node = self._nodes.pop()
        if node is not None:
            node.close()

    def drain(self, seconds: float | None) -> None:
        """Close this process's sockets, spread over *seconds*.

        :raises ValueError: if *seconds* is no length of time.
        """
        try:
            number(0, DAY, or_none=True).read(seconds)
        except ValueError:
            raise ValueError(
                f"realtime.drain takes a number of seconds from 0 to {DAY:,}, or None for "
                f"REALTIME_DRAIN_SECONDS, and not {seconds!r:.60}."
            ) from None
        if self.config.enabled:
            self.node().drain(seconds)

    def health(self) -> dict[str, Any]:
        """Return the state of this process: see :meth:`flask_realtime.Realtime.health`."""
        return self.node().health() if self.config.enabled else dict(_HEALTH_OF_NOTHING)

    def node_for_users(self) -> Node | None:
        """Return the node that ends users' sockets and subscriptions; None if there are none.

        :raises NobodyListens: if this process reaches no sockets.
        """
        if not self.config.enabled:
            return None
        self._publishing_registry()
        return self.node()

    def _publishing_registry(self) -> Registry:
        registry = self.node().registry
        is_chosen = self.config.registry is not None or self._app.testing
        if not (registry.reaches_other_processes or is_chosen):
            self._serving.check_push()
        return registry

    def _check_settings(self) -> None:
        late = self.config.differing(Config.from_mapping(self._app.config))
        if late:
            raise InvalidSetting(
                f"{late[0]} was changed after init_app had read the settings: set it before "
                f"Realtime(app), or call realtime.init_app(app) once it is set."
            )

    def _make_node(self) -> Node:
        self._check_settings()
        # A function in REALTIME_REDIS may read the app's settings.
        with within(self._app):
            has_others = _has_other_processes()
            registry = make_registry(self.config, has_others)
        logger.info("Registry: %s. Server: %s.", registry, _server())
        if has_others and not registry.reaches_other_processes:
            logger.warning(
                "Several processes serve this app, and what one pushes reaches only its own "
                "sockets, because REALTIME_REGISTRY asks for %s. Set REALTIME_REDIS in its place, "
                "or serve the app by one process.",
                registry,
            )
        conversations = Conversations(
            self._app, self.config, registry, self._handlers, self._on_join, self._on_leave
        )
        return Node(self._app, self.config, registry, conversations)

    def _admit(self, handshake: Handshake) -> Connection:
        return self.node().admit(handshake)

    def _begin(self, _request: Request) -> None:
        if not self._serving.has_begun:
            self._check_settings()
            if self.config.enabled:
                self._transport.check_routes(self._app)
                check_listed(self._app, self.config)
        self._serving.note_request()


def _check_endpoints(app: Flask) -> None:
    ours = (transport.ENDPOINT, dispatch.ENDPOINT, session_path.ENDPOINT, page.STATIC_ENDPOINT)
    taken = [endpoint for endpoint in ours if endpoint in app.view_functions]
    if taken:
        raise InvalidSetting(
            f"The app has a view at the endpoint {taken[0]!r}, which this extension needs: give "
            f"that view another name, or its blueprint one that is not 'realtime'."
        )


def _server() -> str:
    """Return what serves this process, as far as it can be told."""
    software = request.environ.get("SERVER_SOFTWARE") if has_request_context() else None
    return software or servers.describe() or "none yet"


def _has_other_processes() -> bool:
    if has_request_context():
        return bool(request.environ.get("wsgi.multiprocess"))
    return servers.has_other_workers()
