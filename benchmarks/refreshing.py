"""Pages that fetch a block again when it is refreshed, as the JavaScript client does."""

from __future__ import annotations

import heapq
import json
import random
import select
import selectors
import time
from itertools import count

from .http import Http

# The shortest time between two requests of a page for blocks, as in the JavaScript client.
INTERVAL_SECONDS = 0.25
CONNECTIONS = 64
DEADLINE_SECONDS = 600.0


class Refreshing:
    """The pages of a crowd, each with one block.

    :param port: the port of the server.
    :param crowd: the sockets of the pages.
    :param path: the path of the pages' view.
    :param block: the name of the block. Its text ends with the number of changes of the channel.
    :ivar asked: the number of requests that the pages have made.
    """

    def __init__(self, port, crowd, path, block):
        self._clients = crowd.clients
        self._shown = dict.fromkeys(self._clients, 0)
        self._next_at = dict.fromkeys(self._clients, 0.0)
        self._waiting = {}
        self._due, self._ids = [], count()
        self._selector = selectors.DefaultSelector()
        for client in self._clients:
            client.note_times()
            self._selector.register(client.sock, selectors.EVENT_READ, client)
        self._idle = [Http(port) for _ in range(CONNECTIONS)]
        self._asking = {}
        self._port = port
        self._block = block
        self._question = self._idle[0].question(path, **{"X-Realtime-Block": block})
        self.asked = 0

    def __enter__(self):
        return self

    def __exit__(self, *exc_info):
        self._selector.close()
        for http in (*self._idle, *self._asking):
            http.sock.close()

    def run(self, last, changes=(), change_path=""):
        """Read sockets and request blocks until each page shows the number *last*.

        :param changes: when to change the channel: times by :func:`time.monotonic`, in order.
        :param change_path: the path of the view that changes the channel.
        """
        deadline = time.monotonic() + DEADLINE_SECONDS
        changes = list(changes)
        while min(self._shown.values()) < last:
            now = time.monotonic()
            if now > deadline:
                raise TimeoutError(f"A page shows {min(self._shown.values())} and not {last}.")
            while changes and changes[0] <= now:
                changes.pop(0)
                http = self._idle.pop()
                self._ask(None, http, http.question(change_path))
            self._ask_what_is_due(now)
            for key, _ in self._selector.select(self._pause(now, changes)):
                if isinstance(key.data, Http):
                    self._take(key.data)
                else:
                    self._hear(key.data)

    def _pause(self, now, changes):
        moments = [*changes[:1], *([self._due[0][0]] if self._due and self._idle else ())]
        return max(0.0, min([0.1, *(at - now for at in moments)]))

    def _hear(self, client):
        client.read()
        for _, text in client.texts():
            message = json.loads(text)
            if message.get("refresh"):
                self._schedule(client, random.random() * message.get("spread", 0) / 1000)

    def _schedule(self, client, delay):
        at = max(time.monotonic() + delay, self._next_at[client])
        # As in the browser, one request serves all refreshes that come before it is made.
        if client not in self._waiting:
            self._waiting[client] = at
            heapq.heappush(self._due, (at, next(self._ids), client))

    def _ask_what_is_due(self, now):
        while self._due and self._idle and self._due[0][0] <= now:
            at, _, client = heapq.heappop(self._due)
            if self._waiting.get(client) == at:
                del self._waiting[client]
                self._next_at[client] = now + INTERVAL_SECONDS
                self.asked += 1
                self._ask(client, self._idle.pop(), self._question)

    def _ask(self, client, http, question):
        # The server closes connections that are idle for long.
        poll = select.poll()
        poll.register(http.sock, select.POLLIN)
        if poll.poll(0):
            http.sock.close()
            http = Http(self._port)
        self._asking[http] = client
        self._selector.register(http.sock, selectors.EVENT_READ, http)
        http.sock.sendall(question)

    def _take(self, http):
        client = self._asking.pop(http)
        self._selector.unregister(http.sock)
        try:
            _, body = http.answer()
        except ConnectionError as error:
            # The server answers 503 if too many requests for blocks wait.
            if "503" not in str(error):
                raise
            http.sock.close()
            self._idle.append(Http(self._port))
            self._schedule(client, 1.0)
            return
        self._idle.append(http)
        if client is not None:
            html = json.loads(body)[self._block]["html"]
            self._shown[client] = int(html.rpartition(" ")[2])
