"""A Valkey, a tunnel to it that can be cut, and a server that uses only the tunnel."""

from __future__ import annotations

import itertools
import json
import pathlib
import secrets
import uuid

import redis
from websockets.exceptions import InvalidStatus

from flask_realtime import Publisher
from tests.eventually import DEADLINE, eventually
from tests.integration.browsers import Browser
from tests.integration.conftest import unexpected_tracebacks
from tests.integration.serving import ServerProcess

from .chaos.servers import Store
from .tunnel import Tunnel

APPS = pathlib.Path(__file__).parent / "apps"
TIMEOUT_SECONDS = 1
UNAVAILABLE = 503


class PatientBrowser(Browser):
    """A browser that retries requests and handshakes that are answered 503: Redis was too slow."""

    def get(self, path="/", **options):
        def answer():
            response = self.http.get(self.url + path, timeout=DEADLINE, **options)
            return [] if response.status_code == UNAVAILABLE else [response]

        (response,) = eventually(answer)
        response.raise_for_status()
        return response

    def open(self, *arguments, **options):
        def attempt():
            try:
                return super(PatientBrowser, self).open(*arguments, **options)
            except InvalidStatus as error:
                if error.response.status_code != UNAVAILABLE:
                    raise
                return None

        return eventually(attempt)


class Scene:
    """A server and its Valkey, with ways to break and to use both.

    :param kind: the kind of server, such as ``gevent``.
    :param keeps: whether Valkey keeps its data when it restarts.
    :param store: a Valkey that is already running, and that this scene does not stop.
    :param options: further options for gunicorn's command line.
    :param settings: REALTIME_* settings of the server, without the prefix.
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
        # This publisher does not use the tunnel, and so can push while the server's link is broken.
        self.elsewhere = Publisher(self.url, prefix=self.prefix, timeout=DEADLINE)
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
        """The URL of the Valkey, past the tunnel."""
        return f"redis://127.0.0.1:{self.store.port}/0"

    def channel(self):
        """Return the name of a channel that nobody uses yet."""
        return f"channel-{next(self._names)}"

    def visit(self, *channels):
        """Load a page that subscribes to *channels*; return ``(browser, connection id)``.

        On a busy machine Redis may not answer in time. The page is lost then, and is loaded anew.
        """
        browser = PatientBrowser(self.server.url)

        def load():
            before = self._lost_pages()
            page = browser.page(f"/page/{','.join(channels)}")
            return page if self._lost_pages() == before else None

        return browser, eventually(load)

    def _lost_pages(self):
        return self.server.log().count("is rendered without being subscribed")

    def listen(self, *channels):
        """Load a page that subscribes to *channels*; return its open socket, which has resumed."""
        browser, page = self.visit(*channels)
        socket = browser.open(page, resume=True)
        socket.resume()
        socket.settle()
        return socket

    def lost_links(self):
        """Return how often the server has logged that its link to Redis was lost."""
        return self.server.log().count("connecting again")

    def is_listening(self):
        """Return whether the server says that it hears Redis."""
        return Browser(self.server.url).get("/health").json()["listening"]

    def push(self, payload, channel, push_id=None):
        """Push by a view; return the response, which is 503 if Redis did not accept the push."""
        return Browser(self.server.url).http.post(
            f"{self.server.url}/push/{channel}?push_id={push_id or uuid.uuid4().hex}",
            json=payload,
            timeout=DEADLINE,
        )

    def push_until_accepted(self, payload, channel, push_id=None):
        """Push by a view, with the same push id each time, until the push is accepted.

        :returns: the status of each attempt.
        """
        push_id, answers = push_id or uuid.uuid4().hex, []

        def is_accepted():
            answers.append(self.push(payload, channel, push_id).status_code)
            return answers[-1] == 204

        eventually(is_accepted, explain=lambda: str(answers))
        return answers

    def says_hello(self):
        """Return whether a view works that does not use Redis."""
        return Browser(self.server.url).get("/hello").text == "hello"

    def redis(self):
        """Return a redis-py client of the Valkey, past the tunnel."""
        return redis.Redis.from_url(self.url, decode_responses=True)
