"""A multiprocessing pool whose workers push."""

import os
import subprocess
import sys

import pytest
import redis

from tests.eventually import DEADLINE
from tests.ports import free_port

POOL = """
import multiprocessing, os, flask
from flask_realtime import Realtime

app = flask.Flask("app")
app.config["SECRET_KEY"] = "tests"
if os.environ["URL"]:
    app.config.update(REALTIME_REDIS=os.environ["URL"], REALTIME_REDIS_PREFIX=os.environ["PREFIX"])
realtime = Realtime(app)

def work(number):
    realtime.push(number, "job")
    return number

def report():
    with multiprocessing.get_context(os.environ["METHOD"]).Pool(2) as pool:
        try:
            print(sum(pool.map(work, range(4))))
        except Exception as error:
            print(type(error).__name__)

app.cli.command("report")(report)

if __name__ == "__main__":
    report()
"""


@pytest.fixture
def run(tmp_path, channel):
    """A function that runs the script or its command, and returns the output."""
    (tmp_path / "script.py").write_text(POOL)

    def run(url, method, is_command=False):
        environ = {"URL": url, "METHOD": method, "PREFIX": channel}
        command = ["-m", "flask", "--app", "script", "report"] if is_command else ["script.py"]
        done = subprocess.run(
            [sys.executable, *command],
            cwd=tmp_path,
            env={**os.environ, **environ},
            capture_output=True,
            text=True,
            timeout=DEADLINE,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    return run


def test_error_of_a_command_ends_the_work_of_its_pool(run):
    """A command's push with the memory registry reaches nobody. Its error reaches the caller of the
    pool."""
    assert run("", "fork", is_command=True) == "NobodyListens"


@pytest.mark.parametrize("method", ["fork", pytest.param("spawn", marks=pytest.mark.long)])
def test_error_of_a_push_ends_the_work_of_a_pool(run, method):
    """A push in a worker fails. The error reaches the caller of the pool, who would otherwise wait
    for ever."""
    away = f"redis://127.0.0.1:{free_port()}/0"

    assert run(away, method) == "RegistryUnavailable"


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_workers_of_a_pool_push(run, method, redis_url, channel):
    """Each worker of a pool pushes over a connection of its own."""
    assert run(redis_url, method) == "6"

    with redis.Redis.from_url(redis_url) as client:
        logs = [key for key in client.keys(f"{channel}:*") if client.type(key) == b"stream"]
        assert [client.xlen(log) for log in logs] == [4]
