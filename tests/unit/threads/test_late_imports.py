"""Threads that still run after the main thread has ended."""

import subprocess
import sys

import pytest
import redis

from tests.eventually import DEADLINE

PUSHER = """
import atexit, sys, threading, flask
from flask_realtime import Publisher, Realtime

url, prefix, way, when = sys.argv[1:]
if way == "app":
    app = flask.Flask("app")
    app.config.update(SECRET_KEY="tests", REALTIME_REDIS=url, REALTIME_REDIS_PREFIX=prefix)
    app.config["REALTIME_REDIS_TIMEOUT_SECONDS"] = 60
    push = Realtime(app).push
else:
    push = Publisher(url, prefix=prefix, timeout=60).push

def work():
    threading.main_thread().join()
    push("hi", "room")

if when == "in a thread":
    threading.Thread(target=work).start()
else:
    atexit.register(push, "hi", "room")
"""


def run(code, *arguments):
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.run(command, timeout=DEADLINE, capture_output=True, text=True)


@pytest.mark.parametrize("way", ["app", "publisher"])
@pytest.mark.parametrize("when", ["in a thread", "at exit"])
def test_first_push_may_come_after_the_main_thread(redis_url, way, when):
    """A script's thread pushes for the first time after the main thread has ended. The message is
    not lost."""
    prefix = f"late-{way}-{when}".replace(" ", "-")

    finished = run(PUSHER, redis_url, prefix, way, when)

    assert finished.stderr == ""
    with redis.Redis.from_url(redis_url) as client:
        assert client.keys(f"{prefix}:*log*")


LAST_WORDS = """
import sys
from flask_realtime import Publisher

class Job:
    def __init__(self, url):
        self.push = Publisher(url, prefix="last-words", timeout=60).push

    def __del__(self):
        self.push("done", "jobs")

job = Job(sys.argv[1])
"""


def test_object_that_pushes_as_python_ends_holds_up_nothing(redis_url):
    """An object pushes for the first time as it is deleted, which is when Python ends. The script
    ends all the same, and says that the push has failed."""
    finished = run(LAST_WORDS, redis_url)

    assert finished.returncode == 0
    assert "Exception ignored in: <function Job.__del__" in finished.stderr


@pytest.mark.parametrize(
    ("before", "is_imported"),
    [
        ("", True),
        ("import gevent", False),
        ("import gevent.monkey; gevent.monkey.patch_all()", True),
    ],
)
def test_nothing_is_imported_that_gevent_has_yet_to_patch(before, is_imported):
    """A lock created before gevent's patches would stop all greenlets, so such modules are not
    imported."""
    code = f"""
{before}
import sys
from flask_realtime.threads.late_imports import import_what_cannot_be_late
import_what_cannot_be_late()
print("concurrent.futures.thread" in sys.modules)
"""

    finished = run(code)

    assert finished.stdout.strip() == str(is_imported), finished.stderr
