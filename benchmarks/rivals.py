"""Starts the servers of flask_realtime and of its rivals, and opens their sockets."""

from __future__ import annotations

import re
import sys
from itertools import islice

from .client import Client
from .crowd import Crowd
from .http import Http
from .servers import Server, development_server, gunicorn, threads

# How many handshakes are under way at once.
AT_ONCE = 50


class Rival:
    """One way to push to sockets, on one kind of server.

    :param command: the command of the server, as for :class:`.servers.Server`.
    :param environ: further environment variables of the server.
    """

    def __init__(self, command, **environ):
        self._command = command
        self._environ = environ

    def start(self, workers=1):
        """Start the server, and return it as soon as it answers."""
        return Server(self._command, workers, **self._environ)

    def addresses(self, port, channels):
        """Return, for each of *channels*, the path and the headers of a socket that hears it."""
        return [(f"/ws/{channel}", []) for channel in channels]

    def open(self, port, addresses, deflate=False):
        """Open a socket for each of *addresses*, AT_ONCE at a time; yield the clients."""
        numbered = iter(enumerate(addresses))
        while chunk := list(islice(numbered, AT_ONCE)):
            clients = [
                Client(port, path, headers, deflate, number) for number, (path, headers) in chunk
            ]
            for client in clients:
                client.finish_handshake()
            self.greet(clients)
            yield from clients

    def greet(self, clients):
        """Send the first messages of the rival's protocol on new sockets."""

    def crowd(self, port, channels, deflate=False):
        """Return a crowd with a client for each of *channels*."""
        return Crowd(self.open(port, self.addresses(port, channels), deflate))

    def question(self):
        """Return the text of a message that the server answers."""
        return "some text"


class Ours(Rival):
    """flask_realtime, where each socket belongs to a rendered page."""

    def addresses(self, port, channels):
        """Render a page for each of *channels*; return the addresses of their sockets."""
        with Http(port) as http:
            headers, _ = http.request(f"/page/{channels[0]}")
            cookie = headers["set-cookie"].partition(";")[0]
            return [
                (f"/?socket_connection_id={_page(http, channel, cookie)}", [("Cookie", cookie)])
                for channel in channels
            ]

    def question(self):
        return '{"id": "1", "action": "call-route", "uri": "/json"}'


class SocketIO(Rival):
    """Flask-SocketIO."""

    def addresses(self, port, channels):
        path = "/socket.io/?EIO=4&transport=websocket&room="
        return [(path + channel, []) for channel in channels]

    def greet(self, clients):
        for client in clients:
            client.next_text()
            client.send("40")
        for client in clients:
            client.next_text()

    def question(self):
        return '421["echo",{}]'


def ours(registry="memory", redis_url=None):
    """flask_realtime on gunicorn with gevent."""
    environ = {"REALTIME_REGISTRY": f'"{registry}"'}
    if redis_url:
        environ["REALTIME_REDIS"] = f'"{redis_url}"'
    return Ours(gunicorn("ours:app"), **environ)


def ours_on_threads(count):
    """flask_realtime on gunicorn with *count* threads."""
    return Ours(threads("ours:app", count), REALTIME_REGISTRY='"memory"')


def ours_on_development_server():
    """flask_realtime on Flask's development server."""
    return Ours(development_server("ours:app"), REALTIME_REGISTRY='"memory"')


def naive():
    """A loop over flask-sock's sockets, on gunicorn with gevent."""
    return Rival(gunicorn("naive:app"))


def naive_on_threads(count):
    """A loop over flask-sock's sockets, on gunicorn with *count* threads."""
    return Rival(threads("naive:app", count))


def socketio(redis_url=None):
    """Flask-SocketIO on gunicorn with gevent."""
    environ = {"SOCKETIO_REDIS": redis_url} if redis_url else {}
    return SocketIO(gunicorn("socketio_app:app"), **environ)


def websockets():
    """broadcast() of the ``websockets`` library, on asyncio."""
    return Rival([sys.executable, "broadcasting.py", "{port}"])


def channels(layer="channels.layers.InMemoryChannelLayer", redis_url=None):
    """Django Channels on uvicorn."""
    environ = {"CHANNELS_REDIS": redis_url} if redis_url else {}
    command = [
        sys.executable, "-m", "uvicorn", "--port", "{port}", "--workers", "{workers}",
        "--backlog", "4096", "--log-level", "error", "channels_app:app",
    ]  # fmt: skip
    return Rival(command, CHANNELS_LAYER=layer, **environ)


def prepared():
    """A process that does nothing but write prepared frames: the limit of what can be measured."""
    return Rival([sys.executable, "prepared.py", "{port}"])


def _page(http, channel, cookie):
    _, body = http.request(f"/page/{channel}", Cookie=cookie)
    return re.search(rb'connection-id="([^"]+)"', body)[1].decode()
