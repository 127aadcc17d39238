"""Pushes of a process that may serve no requests, on the memory registry."""

import os
import subprocess
import sys

import pytest

from flask_realtime.errors import NobodyListens
from flask_realtime.node.unheard_pushes import Serving
from tests.eventually import DEADLINE


@pytest.fixture
def serving():
    return Serving()


def run(script, *arguments):
    """Run a program that imports an app and ends, and return what it logs."""
    app = """
import logging, os, sys, flask
from flask_realtime import NobodyListens, Realtime
logging.basicConfig()
app = flask.Flask("app")
app.secret_key = "a secret of the tests"
realtime = Realtime(app)
"""
    command = [sys.executable, "-W", "ignore", "-c", app + script, *arguments]
    finished = subprocess.run(command, timeout=DEADLINE, capture_output=True, text=True)
    assert finished.returncode == 0, finished.stderr
    return finished.stderr


def test_push_before_the_first_request_is_no_error(serving, caplog):
    """A thread that was started at import pushes before the server answers. Nobody can be
    subscribed yet, so that is not an error."""
    serving.check_push()
    serving.note_request()
    serving.check_push()

    serving.warn_if_unheard()

    assert serving.has_begun
    assert not caplog.records


def test_process_that_ends_without_having_served_is_logged(serving, caplog):
    """A script pushes without REALTIME_REDIS. At its end the log says that the pushes reached
    nobody."""
    serving.check_push()
    serving.check_push()

    serving.warn_if_unheard()

    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "2 of them" in caplog.text and "REALTIME_REDIS" in caplog.text


def test_script_that_pushes_and_ends_is_told_so():
    """At its end, in its log, once."""
    logged = run('for _ in range(3):\n    realtime.push("hi", "room")')

    assert logged.count("reached nobody") == 1
    assert "3 of them" in logged


def test_process_of_the_reloader_logs_nothing():
    """The reloader's parent process only watches files while its child serves. Its pushes at import
    are not logged."""
    logged = run('realtime.push("hi", "room")\nimport werkzeug._reloader')

    assert "reached nobody" not in logged


@pytest.mark.parametrize(
    "push", ['realtime.push("hi", "room")', 'realtime.to("room").append("#rows", "row.html")']
)
def test_command_that_pushes_gets_an_error(push):
    """A command serves no requests, so its push is an error. A fragment's template is rendered in
    an artificial request, which does not count as serving."""
    run(f"""
from jinja2 import DictLoader
app.jinja_loader = DictLoader({{"row.html": "<li>"}})
@app.cli.command("seed")
def seed():
    try:
        {push}
    except NobodyListens as error:
        assert "REALTIME_REDIS" in str(error)
        os._exit(0)
    os._exit(1)
sys.argv = ["flask", "seed"]
flask.cli.FlaskGroup(create_app=lambda: app).main()
""")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="This system does not fork.")
def test_process_that_was_forked_off_one_that_serves_gets_an_error():
    """A view starts a job with multiprocessing. The job has a copy of its parent's memory and no
    sockets, so its push is an error."""
    logged = run("""
app.test_client().get("/")
realtime.push("hi", "room")
child = os.fork()
if not child:
    try:
        realtime.push("hi", "room")
    except NobodyListens:
        os._exit(7)
    os._exit(0)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
""")

    assert "reached nobody" not in logged


@pytest.mark.skipif(not hasattr(os, "fork"), reason="This system does not fork.")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_process_is_not_told_of_the_pushes_of_the_one_that_forked_it(serving, caplog):
    """gunicorn's master pushes at import. A worker that ends does not log these pushes as its
    own."""
    serving.check_push()
    child = os.fork()
    if not child:
        serving.warn_if_unheard()
        os._exit(len(caplog.records))

    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_worker_of_a_job_queue_gets_an_error(serving, monkeypatch):
    """The worker of a job queue never opens a port, so its push is an error."""
    monkeypatch.setattr(sys, "argv", ["/usr/bin/celery", "worker"])

    with pytest.raises(NobodyListens):
        serving.check_push()
