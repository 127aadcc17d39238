"""Who is measured: how each is started, and how a client opens its socket there."""

from __future__ import annotations

import re
import sys

from .load import Client, Crowd, Http
from .servers import Server, gunicorn


class Ours:
    """flask_realtime on gunicorn with gevent."""

    name = "flask_realtime"

    def __init__(self, registry="memory", command=None, **settings):
        self._environ = {"REALTIME_REGISTRY": f'"{registry}"'}
        self._environ |= {f"REALTIME_{name}": value for name, value in settings.items()}
        self._command = command or gunicorn("ours:app")

    def start(self, workers=1):
        return Server(self._command, workers, **self._environ)

    def crowd(self, port, count, deflate=False, channel="room"):
        """*count* pages, each of its own, with their sockets."""
        http = Http(port)
        headers, _ = http.request(f"/page/{channel}")
        cookie = headers["set-cookie"].partition(";")[0]
        pages = []
        for _ in range(count):
            _, body = http.request(f"/page/{channel}", Cookie=cookie)
            pages.append(re.search(rb'connection-id="([^"]+)"', body)[1].decode())
        http.sock.close()
        return Crowd(
            open_all(port, [f"/?socket_connection_id={page}" for page in pages], cookie, deflate)
        )


class Naive:
    """A loop over flask-sock's sockets, on the same server."""

    name = "flask-sock loop"

    def start(self, workers=1):
        return Server(gunicorn("naive:app"), workers)

    def crowd(self, port, count, deflate=False, channel="room"):
        return Crowd(open_all(port, ["/ws"] * count, "", deflate))


class Broadcast:
    """The python ``websockets`` library's broadcast(), on asyncio."""

    name = "websockets broadcast()"

    def start(self, workers=1):
        return Server([sys.executable, "broadcasting.py", "{port}"])

    def crowd(self, port, count, deflate=False, channel="room"):
        return Crowd(open_all(port, ["/ws"] * count, "", deflate))


class SocketIO:
    """Flask-SocketIO on gunicorn with gevent."""

    name = "Flask-SocketIO"

    def __init__(self, redis_url=None):
        self._environ = {"SOCKETIO_REDIS": redis_url} if redis_url else {}

    def start(self, workers=1):
        return Server(gunicorn("socketio_app:app"), workers, **self._environ)

    def crowd(self, port, count, deflate=False, channel="room"):
        path = "/socket.io/?EIO=4&transport=websocket"
        clients = list(open_all(port, [path] * count, "", deflate))
        for client in clients:
            client.next_text()
            client.send("40")
            client.next_text()
        return Crowd(clients)


def open_all(port, paths, cookie, deflate):
    """Sockets at *paths*, a hundred handshakes at a time."""
    headers = [("Cookie", cookie)] if cookie else []
    for start in range(0, len(paths), 100):
        chunk = [Client(port, path, headers, deflate) for path in paths[start : start + 100]]
        for client in chunk:
            yield client.finish_handshake()
