"""Servers that are forked off a process that has imported packages already."""

import os
import signal
import socket
import subprocess
import sys

import psutil
import pytest

from tests.eventually import DEADLINE, eventually

from .forked import ROOT, address_of, can_fork
from .serving import ServerProcess, get

APP = """
import sys
{}
from flask import Flask
app = Flask(__name__)

@app.get("/")
def index():
    return " ".join(sorted({{"flask_login", "sqlalchemy", "wtforms"}} & set(sys.modules)))
"""


@pytest.mark.parametrize(
    ("kind", "line", "imported"),
    [("gevent", "import flask_sqlalchemy", "sqlalchemy"), ("gevent", "", ""), ("dev", "", "")],
    ids=["used", "none", "none on threads"],
)
def test_forked_server_has_no_library_that_its_app_does_not_use(tmp_path, kind, line, imported):
    """What flask_realtime heeds only where an app has imported it is in no other app's server."""
    (tmp_path / "chosen.py").write_text(APP.format(line))

    with ServerProcess(kind, "chosen:app", folder=tmp_path) as server:
        assert get(server.url) == imported


forks = pytest.mark.skipif(
    not can_fork("gthread", "chosen:app", {}), reason="Servers are forked on Linux alone."
)

STARTS_A_SERVER = """
import os, signal, sys
from tests.integration.serving import ServerProcess
server = ServerProcess("gthread", "chosen:app", folder=sys.argv[1]).__enter__()
print(server.pid, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


@forks
def test_servers_end_with_those_who_run_the_tests(tmp_path):
    """The tests are killed, and can end no server of theirs. The server ends all the same."""
    (tmp_path / "chosen.py").write_text(APP.format(""))
    # As another run of the tests.
    env = {name: value for name, value in os.environ.items() if "XDIST" not in name}

    done = subprocess.run(
        [sys.executable, "-c", STARTS_A_SERVER, str(tmp_path)],
        cwd=ROOT,
        env=env,
        stdout=subprocess.PIPE,
        timeout=DEADLINE,
    )

    assert done.returncode == -signal.SIGKILL
    eventually(lambda: not psutil.pid_exists(int(done.stdout)))


def descriptors(pid):
    return sorted(os.listdir(f"/proc/{pid}/fd"))


@forks
@pytest.mark.skipif(os.getuid() != 0, reason="Only root can be another user.")
def test_nobody_else_has_servers_forked(tmp_path):
    """Another user of the machine rings, with a connection, a file and nothing. That user has no
    connection to where any code could be run, nothing is kept of it, and the tests still get their
    servers."""
    (tmp_path / "chosen.py").write_text(APP.format(""))
    with ServerProcess("gthread", "chosen:app", folder=tmp_path) as server:
        try:
            os.seteuid(65534)
        except OSError:
            pytest.skip("In this container root is the only user, or may be no other.")
        try:
            ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        finally:
            os.seteuid(0)
        with ours, open(os.devnull) as file:
            with theirs, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as bell:
                bell.connect(address_of("threads"))
                before = descriptors(psutil.Process(server.pid).ppid())
                bell.send(b".")
                for one in (file, theirs):
                    socket.send_fds(bell, [b"."], [one.fileno()])

            assert ours.recv(1) == b""
            assert descriptors(psutil.Process(server.pid).ppid()) == before

        with ServerProcess("gthread", "chosen:app", folder=tmp_path) as server:
            assert get(server.url) == ""
