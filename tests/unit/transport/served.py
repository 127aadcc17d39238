"""An app whose sockets are opened by hand, without a server."""

from __future__ import annotations

import re
import socket

from flask import Flask, render_template_string

from flask_realtime import Realtime

from ...eventually import DEADLINE
from .peer import frame
from .test_handshake import HEADERS


class Served:
    """An app on the memory registry, its browser, and one page that the browser shows.

    :param response_class: the app's response class.
    :param host: the host of the app's routes, for an app with several hosts.
    """

    def __init__(self, response_class=None, host=None, **settings):
        self.app = Flask(__name__, host_matching=host is not None, static_host=host)
        if response_class is not None:
            self.app.response_class = response_class
        self.app.config.update(SECRET_KEY="a secret", REALTIME_REGISTRY="memory", **settings)
        self.realtime = Realtime(self.app)
        self.client = self.app.test_client()

        @self.app.get("/page", host=host)
        def page():
            self.realtime.socket.subscribe("room")
            return render_template_string("<body>hi</body>")

    def show(self):
        """Show the page, and return its connection id."""
        html = self.client.get("/page").get_data(as_text=True)
        return re.search('data-socket-connection-id="([^"]+)"', html)[1]

    def handshake(self, page, sock, path="/", **options):
        """Return the answer to the handshake of *page* on *sock*, once the socket has ended."""
        environ = {"werkzeug.socket": sock, "wsgi.multithread": True}
        headers = {**HEADERS, "Host": "localhost", **options.pop("headers", {})}
        return self.client.get(
            f"{path}?socket_connection_id={page}",
            headers={name: value for name, value in headers.items() if value is not None},
            environ_overrides={**environ, **options.pop("environ", {})},
            **options,
        )

    @property
    def node(self):
        return self.app.extensions["realtime"].node()


class Line:
    """A pair of sockets: one for the server, and one for the test."""

    def __init__(self):
        self.ours, self.peer = socket.socketpair()
        self.peer.settimeout(DEADLINE)

    def __enter__(self):
        return self

    def __exit__(self, *exc_info):
        self.ours.close()
        self.peer.close()

    def say_goodbye(self):
        """Send a close frame and nothing behind it, as a browser does that leaves its page."""
        self.peer.sendall(frame(b"\x03\xe9", first=0x88))
        self.peer.shutdown(socket.SHUT_WR)

    def has_received(self):
        """Return whether anything has arrived."""
        self.peer.setblocking(False)
        try:
            return bool(self.peer.recv(1, socket.MSG_PEEK))
        except BlockingIOError:
            return False
        finally:
            self.peer.settimeout(DEADLINE)

    def read_to_end(self):
        data = b""
        while more := self.peer.recv(65536):
            data += more
        return data
