"""A client for tests: requests for pages, the websockets library for sockets."""

from __future__ import annotations

import itertools
import json
import re

from websockets.sync.client import connect

from tests import kept_connections
from tests.eventually import DEADLINE


class Browser:
    """One browser session with its cookies."""

    def __init__(self, url, verify=True):
        self.url = url
        self.http = kept_connections.session()
        self.http.verify = verify

    def get(self, path="/", **options):
        response = self.http.get(self.url + path, timeout=DEADLINE, **options)
        response.raise_for_status()
        return response

    def post(self, path, **options):
        response = self.http.post(self.url + path, timeout=DEADLINE, **options)
        response.raise_for_status()
        return response

    def page(self, path="/"):
        """Load a page; return its connection id."""
        return connection_id(self.get(path).text)

    def open(self, connection_id, url=None, resume=False, origin=None, headers=None, **options):
        """Open the socket of a page.

        :param connection_id: of the page.
        :param url: of another server of the same app, if the socket is to open there.
        :param resume: whether the first message will be a resume.
        :param origin: the Origin header; None for no such header.
        :param headers: more headers of the handshake.
        :param options: for ``websockets.sync.client.connect()``.
        """
        address = (url or self.url).replace("http", "ws", 1)
        address += f"/?socket_connection_id={connection_id}" + ("&resume=1" if resume else "")
        options.setdefault("max_size", None)
        return Socket(
            connect(
                address,
                additional_headers={"Cookie": self.cookies(), **(headers or {})},
                user_agent_header=None,
                origin=origin,
                open_timeout=DEADLINE,
                close_timeout=DEADLINE,
                # Browsers send no pings.
                ping_interval=None,
                **options,
            )
        )

    def cookies(self):
        return "; ".join(f"{one.name}={one.value}" for one in self.http.cookies)


class Socket:
    """One open socket, whose messages are told apart into pushes and replies.

    :ivar kept: messages that came while another one was waited for.
    """

    def __init__(self, connecting):
        self._connecting = connecting
        self.websocket = connecting.__enter__()
        self._ids = itertools.count(1)
        self.kept = []

    def __enter__(self):
        return self

    def __exit__(self, *exc_info):
        self.close()

    def push(self):
        """Return the next push, as the whole message."""
        return self._next(lambda message: "channel" in message)

    def payloads(self, count):
        """Return the payloads of the next *count* pushes."""
        return [self.push()["payload"] for _ in range(count)]

    def reply(self, message_id):
        """Return the reply to the message with that id."""
        return self._next(lambda message: "status" in message and message["id"] == message_id)

    def send(self, action, **fields):
        message_id = f"m{next(self._ids)}"
        self.websocket.send(json.dumps({"id": message_id, "action": action, **fields}))
        return message_id

    def ask(self, action, **fields):
        """Send a message and return its reply; pushes that come before it are kept."""
        return self.reply(self.send(action, **fields))

    def call(self, uri, **fields):
        return self.ask("call-route", uri=uri, **fields)

    def resume(self, positions=None):
        return self.ask("resume", positions=positions or {})

    def settle(self):
        """Return when the server has read all that was sent so far; messages that come meanwhile
        are kept."""
        assert self.ask("ping")["body"] == "pong"

    def close_code(self):
        """Read until the server closes; return its close code."""
        from websockets.exceptions import ConnectionClosed

        try:
            while True:
                self.websocket.recv(timeout=DEADLINE)
        except ConnectionClosed:
            return self.websocket.close_code

    def close(self):
        self._connecting.__exit__(None, None, None)

    def _next(self, fits):
        for index, message in enumerate(self.kept):
            if fits(message):
                return self.kept.pop(index)
        while True:
            message = json.loads(self.websocket.recv(timeout=DEADLINE))
            if fits(message):
                return message
            self.kept.append(message)


def connection_id(html):
    """Return the connection id from the body tag of a page."""
    return re.search(r'<body[^>]* data-socket-connection-id="([^"]+)"', html)[1]
