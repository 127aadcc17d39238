"""Tasks of Celery, in a worker of its own, push to the pages of the app's web processes."""

import contextlib
import json
import os
import secrets
import signal
import subprocess
import sys
import tempfile

import pytest
import redis

from tests.eventually import DEADLINE, eventually

from .browsers import Browser
from .serving import APPS, ROOT, ServerProcess

pytestmark = pytest.mark.skipif(
    tuple(map(int, redis.__version__.split(".")[:2])) < (6, 1),
    reason="Celery's own transport wants redis-py 6.1 or later",
)


@contextlib.contextmanager
def worker(environ):
    """Run a worker of Celery; wait until it takes tasks, and for its end."""
    with tempfile.TemporaryFile("w+b") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "celery", "-A", "queued:queue", "worker", "--concurrency", "1",
             "--loglevel", "INFO", "--without-gossip", "--without-mingle"],
            cwd=APPS,
            env={**os.environ, **environ, "PYTHONPATH": f"{APPS}{os.pathsep}{ROOT}",
                 "C_FORCE_ROOT": "1"},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )  # fmt: skip

        def said():
            return os.pread(log.fileno(), 1_000_000, 0).decode()

        try:
            eventually(lambda: " ready." in said(), explain=said)
            yield said
        finally:
            process.terminate()
            try:
                process.wait(DEADLINE)
            finally:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)


@pytest.fixture(scope="module")
def environ(redis_url, tmp_path_factory):
    name = f"celery{secrets.token_hex(4)}"
    return {
        "REALTIME_REDIS": json.dumps(redis_url),
        "REALTIME_REDIS_PREFIX": json.dumps(name),
        "REALTIME_REDIS_TIMEOUT_SECONDS": json.dumps(DEADLINE),
        "BROKER": redis_url,
        "QUEUE": name,
        "DATABASE": str(tmp_path_factory.mktemp("celery") / "jobs.db"),
    }


@pytest.fixture(scope="module")
def site(environ):
    with (
        ServerProcess("gevent", "queued:app", workers=2, **environ) as server,
        worker(environ) as said,
    ):
        yield server
        assert "Traceback" not in said(), said()


@pytest.fixture
def socket(site):
    browser = Browser(site.url)
    with browser.open(browser.page(), resume=True) as socket:
        socket.ask("resume", positions={}, speaks=2)
        socket.browser = browser
        yield socket


def kinds(pushes):
    return [
        next(kind for kind in ("payload", "html", "refresh") if kind in push) for push in pushes
    ]


def test_task_that_commits_tells_behind_its_commit(socket):
    """A task with an app context and no request pushes a fragment of a template and a message, and
    commits a row. Pages get both, and a refresh for the row, after the commit."""
    socket.browser.post("/jobs/1/commit")

    pushes = [socket.push() for _ in range(5)]

    assert pushes[0]["payload"] == {"begun": 1}
    assert sorted(kinds(pushes[1:4])) == ["html", "payload", "refresh"]
    told = {
        kind: push for kind, push in zip(kinds(pushes), pushes, strict=True) if kind != "payload"
    }
    assert told["html"]["html"] == [
        {"action": "append", "target": "#jobs", "html": "<li id=row1>done</li>"}
    ]
    assert {"written": 1} in [push.get("payload") for push in pushes[1:4]]
    assert pushes[4]["payload"] == {"ended": 1}


def test_task_that_rolls_back_tells_nothing_of_it(socket):
    """A task rolls back. Pushes that waited for the commit are dropped, and one that did not is
    sent."""
    socket.browser.post("/jobs/2/rollback")

    assert socket.payloads(2) == [{"begun": 2}, {"undone": 2}]
