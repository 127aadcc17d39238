"""One Valkey, a tunnel to it, and a server that knows no other way there."""

from __future__ import annotations

import itertools
import json
import pathlib
import secrets
import uuid

import redis

from flask_realtime import Publisher
from tests.eventually import DEADLINE, eventually
from tests.integration.browsers import Browser
from tests.integration.conftest import unexpected_tracebacks
from tests.integration.serving import ServerProcess

from .chaos.servers import Store
from .tunnel import Tunnel

APPS = pathlib.Path(__file__).parent / "apps"
TIMEOUT_SECONDS = 1


class Scene:
    """What most stories of faults need.

    :param kind: which server.
    :param keeps: whether Valkey keeps its data when it is restarted.
    :param store: one that is there already, which stays.
    """

    def __init__(self, kind="gevent", keeps=False, store=None, options=(), **settings):
        self.store = store or Store(keeps)
        self._owns_store = store is None
        if self._owns_store:
            self.store.start()
        self.tunnel = Tunnel(self.store.port)
        self.prefix = f"scene-{secrets.token_hex(4)}"
        settings = {
            "REDIS": f"redis://127.0.0.1:{self.tunnel.port}/0",
            "REDIS_PREFIX": self.prefix,
            "REDIS_TIMEOUT_SECONDS": TIMEOUT_SECONDS,
            "DRAIN_SECONDS": 0.2,
            **settings,
        }
        environ = {f"REALTIME_{name}": json.dumps(value) for name, value in settings.items()}
        self.server = ServerProcess(kind, "chaos_app:app", folder=APPS, options=options, **environ)
        self._names = itertools.count(1)

    def __enter__(self):
        self.server.__enter__()
        # Past the tunnel: what a job elsewhere pushes while this process hears nothing.
        self.elsewhere = Publisher(self.url, prefix=self.prefix, timeout=5)
        return self

    def __exit__(self, *exc_info):
        self.elsewhere.close()
        log = self.server.log()
        self.server.__exit__(*exc_info)
        self.tunnel.close()
        if self._owns_store:
            self.store.close()
        if exc_info[0] is None:
            assert unexpected_tracebacks(log) == []

    @property
    def url(self):
        """Of the Valkey itself."""
        return f"redis://127.0.0.1:{self.store.port}/0"

    def channel(self):
        """A name that nobody uses yet."""
        return f"channel-{next(self._names)}"

    def visit(self, *channels):
        """A browser with a page of these channels: ``(browser, connection id)``."""
        browser = Browser(self.server.url)
        return browser, browser.page(f"/page/{','.join(channels)}")

    def listen(self, *channels):
        """A page's open socket, on its channels."""
        browser, page = self.visit(*channels)
        socket = browser.open(page, resume=True)
        socket.resume()
        socket.settle()
        return socket

    def lost_links(self):
        """How often the process has found that it hears nothing of Redis."""
        return self.server.log().count("connecting anew")

    def is_listening(self):
        """Whether the process says that it hears Redis."""
        return Browser(self.server.url).get("/health").json()["listening"]

    def push(self, payload, channel, push_id=None):
        """Push by a view; its answer, which is 503 where the registry is away."""
        return Browser(self.server.url).http.post(
            f"{self.server.url}/push/{channel}?push_id={push_id or uuid.uuid4().hex}",
            json=payload,
            timeout=DEADLINE,
        )

    def push_until_accepted(self, payload, channel):
        """Push by a view, again with the same push id until it is accepted; how many answers."""
        push_id, answers = uuid.uuid4().hex, []

        def is_accepted():
            answers.append(self.push(payload, channel, push_id).status_code)
            return answers[-1] == 204

        eventually(is_accepted, explain=lambda: str(answers))
        return answers

    def says_hello(self):
        """Whether a view that neither pushes nor subscribes works."""
        return Browser(self.server.url).get("/hello").text == "hello"

    def redis(self):
        """A client of the Valkey itself."""
        return redis.Redis.from_url(self.url, decode_responses=True)
