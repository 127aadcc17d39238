"""A process that stops makes its clients reconnect elsewhere, answers the messages that it is
handling, sends back those that wait, and ends."""

import signal
import threading

import pytest
from websockets.exceptions import InvalidStatus

from ..eventually import DEADLINE, eventually
from .browsers import Browser
from .conftest import unexpected_tracebacks
from .serving import ServerProcess

# Far longer than a test waits: a worker that ends in time has not waited for this timeout.
PATIENT = ("--graceful-timeout", "600")


@pytest.fixture(params=["gevent", "gthread"])
def worker(request, settings):
    """A gunicorn worker with room for 250 sockets."""
    options = (*PATIENT, "--worker-connections", "1000", "--threads", "250")
    environ = settings("memory", MAX_CONNECTIONS_PER_SESSION=1000)
    with ServerProcess(request.param, options=options, **environ) as server:
        yield server
        assert unexpected_tracebacks(server.log()) == []


def open_many(server, channel, count):
    browser = Browser(server.url)
    page = browser.page(f"/on/{channel}")
    return browser, [browser.open(page) for _ in range(count)]


def test_sigterm_tells_every_socket_and_is_gone_soon(worker, channel):
    """At SIGTERM 100 sockets are closed with 1012, and the worker ends long before its graceful
    timeout."""
    _, sockets = open_many(worker, channel, 100)

    has_ended = worker.stop(signal.SIGTERM, DEADLINE)
    codes = {socket.close_code() for socket in sockets}

    assert codes == {1012}
    assert has_ended


def test_sigterm_lets_what_is_in_flight_be_answered(worker, channel):
    """A message that is being handled at SIGTERM gets its reply before its socket is closed."""
    _, (socket,) = open_many(worker, channel, 1)
    message_id = socket.send("sleep", seconds=1)
    socket.settle()

    stopping = threading.Thread(target=worker.stop)
    stopping.start()
    reply, code = socket.reply(message_id), socket.close_code()

    stopping.join()
    assert reply["body"] == "slept"
    assert code == 1012


def test_sigterm_sends_back_what_waits_behind_the_message_that_runs(worker, channel):
    """Messages of hours wait behind one that is being handled at SIGTERM. That one is answered; the
    others are refused, as not handled, and the worker does not wait for them."""
    _, (socket,) = open_many(worker, channel, 1)
    running, *waiting = [socket.send("sleep", seconds=seconds) for seconds in (1, *[10_000] * 20)]
    large = socket.send("sleep", seconds=10_000, filling="x" * 100_000)
    socket.settle()

    has_ended = worker.stop(signal.SIGTERM, DEADLINE)
    reply = socket.reply(running)
    others = [socket.reply(one) for one in (*waiting, large)]

    assert reply["body"] == "slept"
    assert [(one["status"], one["refused"]) for one in others] == [(503, "reconnect")] * 21
    assert socket.close_code() == 1012
    assert has_ended


def test_hup_replaces_the_worker_without_losing_a_message(worker, channel):
    """At SIGHUP sockets are closed with 1012, and a new worker starts."""
    _, sockets = open_many(worker, channel, 20)

    worker.signal(signal.SIGHUP)
    codes = {socket.close_code() for socket in sockets}

    assert codes == {1012}
    assert eventually(lambda: worker.log().count("Booting worker") == 2)


def test_max_requests_replaces_the_worker_soon(settings, channel):
    """A worker that has served --max-requests is replaced long before its graceful timeout."""
    environ = settings("memory")
    with ServerProcess("gevent", options=(*PATIENT, "--max-requests", "5"), **environ) as server:
        browser, (socket,) = open_many(server, channel, 1)
        for _ in range(5):
            browser.get("/digest")

        assert socket.close_code() == 1012
        assert eventually(lambda: browser.get("/health").status_code == 200)


def test_drain_refuses_new_sockets(settings, channel):
    """drain() closes all sockets with 1012 and refuses new ones with 503, on servers whose stop the
    extension cannot notice."""
    with ServerProcess("pywsgi", **settings("memory")) as server:
        browser, sockets = open_many(server, channel, 10)
        browser.post("/drain")

        codes = {socket.close_code() for socket in sockets}
        with pytest.raises(InvalidStatus) as refused:
            browser.open(browser.page(f"/on/{channel}"))

        assert codes == {1012}
        assert refused.value.response.status_code == 503
        assert "Retry-After" in refused.value.response.headers


def test_preload_works(settings, channel, redis_url):
    """With --preload the app starts nothing before the workers are forked."""
    environ = settings("redis")
    with ServerProcess("gevent", workers=2, options=("--preload",), **environ) as server:
        browser = Browser(server.url)
        sockets = [browser.open(browser.page(f"/on/{channel}")) for _ in range(6)]
        browser.post(f"/push/{channel}", json="hi")

        assert [socket.payloads(1) for socket in sockets] == [["hi"]] * 6
        for socket in sockets:
            socket.close()


@pytest.mark.parametrize("kind", ["gevent", "gthread"])
def test_sigterm_is_seen_behind_a_handler_of_the_apps(kind, settings, channel):
    """The app has its own handler of SIGTERM, which calls the server's. The stop is noticed:
    sockets close with 1012, the worker ends soon, and with threads a place was kept for pages."""
    options = ("--threads", "5") if kind == "gthread" else ()
    with ServerProcess(kind, "chained:app", options=options, **settings("memory")) as server:
        browser, sockets = open_many(server, channel, 4)
        health = browser.get("/health").json()

        has_ended = server.stop(signal.SIGTERM)

        assert health["connections"] == 4
        assert "told to stop" in server.log()
        assert {socket.close_code() for socket in sockets} == {1012}
        # gunicorn's own timeout, of thirty seconds, is longer than a test waits for the end.
        assert has_ended


@pytest.mark.parametrize("kind", ["gevent", "gthread"])
def test_sigterm_tells_all_within_a_short_graceful_timeout(kind, settings, channel):
    """The server kills its workers after one second, and sockets spread over three. All sockets
    close with 1012 before the kill."""
    options = ("--graceful-timeout", "1", "--threads", "20")
    with ServerProcess(kind, options=options, **settings("memory", DRAIN_SECONDS=3)) as server:
        _, sockets = open_many(server, channel, 12)

        server.stop(signal.SIGTERM)

        assert [socket.close_code() for socket in sockets] == [1012] * 12


def test_threads_beyond_the_connections_are_given_to_no_socket(settings, channel):
    """A worker has fewer connections than threads. Sockets leave some of the connections to
    pages."""
    options = ("--worker-connections", "8", "--threads", "20")
    with ServerProcess("gthread", options=options, **settings("memory")) as server:
        browser, sockets = open_many(server, channel, 6)
        page = browser.page(f"/on/{channel}")
        with pytest.raises(InvalidStatus) as refused:
            browser.open(page)

        assert refused.value.response.status_code == 503
        assert browser.get("/health").json()["connections"] == 6
        for socket in sockets:
            socket.close()


LEAVING = """
import threading, time
from flask import Flask
from flask_realtime import Realtime

app = Flask(__name__)
app.config.update(SECRET_KEY="a secret of the tests", REALTIME_REGISTRY="memory")
app.config["REALTIME_DRAIN_SECONDS"] = 0
realtime = Realtime(app)
present, left, most = 0, 0, 0

@app.get("/on/<channel>")
def on(channel):
    realtime.socket.subscribe(channel)
    return "<body>"

@realtime.on_leave
def leave():
    global present, left, most
    present += 1
    most = max(most, present)
    time.sleep(0.05)
    present -= 1
    left += 1
    print(f"{left} left, {most} at once", flush=True)
"""


def test_leave_hooks_run_ten_at_a_time(tmp_path, channel):
    """When 50 sockets close at once, at most ten of their on_leave hooks run at the same time."""
    (tmp_path / "leaving.py").write_text(LEAVING)
    with ServerProcess("gevent", "leaving:app", folder=tmp_path) as server:
        open_many(server, channel, 50)

        server.stop(signal.SIGTERM)

        assert "50 left, 10 at once" in server.log()
