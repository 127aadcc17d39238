"""The node of one app in one process."""

import math
import threading

import pytest
from flask.sessions import SessionInterface

from flask_realtime import Realtime
from flask_realtime.node import node as module
from flask_realtime.protocol.pushes import Push
from flask_realtime.registries.records import ConnectionRecord
from flask_realtime.threads import clock
from flask_realtime.threads.job_queue import JobQueue
from flask_realtime.transport.handshake import Refusal
from tests.eventually import DEADLINE, eventually
from tests.leftovers import open_files, threads_of_ours

from ..handshakes import Page, admitted
from ..starvation import no_thread_to_be_had
from .nodes import node_of


def test_node_that_stops_amid_a_handshake_refuses_it():
    """The node stops during a handshake. The socket is refused; the drain would not close it."""
    node = node_of()

    with (
        pytest.raises(Refusal) as refused,
        admitted(node, while_admitted=lambda: node.drain(0)),
    ):
        pass

    assert refused.value.status == 503
    assert node.connections() == []
    assert node.health()["connections"] == 0


def test_node_that_drains_amid_its_first_handshake_lets_nobody_in(monkeypatch):
    """A process is told to drain while its first handshake has it start its threads. The handshake
    is refused, and so are those that follow."""
    node = node_of()
    monkeypatch.setattr(module.servers, "graceful_seconds", lambda: node.drain(0))

    for _ in range(2):
        with pytest.raises(Refusal, match="stopping"), admitted(node):
            pass

    assert node.health()["draining"]
    node.close()


def test_node_that_finds_no_thread_at_its_first_socket_finds_it_at_the_next():
    """The system has no thread left at the first handshake. The next one starts what looks after
    the sockets."""
    before, node = threads_of_ours(), node_of()
    with no_thread_to_be_had(), pytest.raises(RuntimeError, match="thread"), admitted(node):
        pass

    with admitted(node):
        began = {one.name for one in threads_of_ours() - before}

    assert began == {"realtime-heartbeat", "realtime-chores"}
    node.close()


def test_node_that_is_closed_before_its_first_socket_starts_nothing(monkeypatch):
    """A gunicorn worker's node is closed while its first handshake is on its way. The handshake is
    refused, and starts no thread, which nobody would end."""
    monkeypatch.setattr(module.servers, "graceful_seconds", lambda: DEADLINE)
    before, node = threads_of_ours(), node_of()
    node.close()

    with pytest.raises(Refusal, match="stopping"), admitted(node):
        pass

    assert threads_of_ours() - before == set()


def test_node_needs_no_worker_for_a_socket_that_missed_nothing(monkeypatch):
    """A page's channels are followed by this process already. Its socket joins them when it opens,
    without a worker thread."""
    node = node_of()
    with admitted(node) as first:
        node.registry.subscribe(first.digest, ["room"])
        node.registry.forget_connection(ConnectionRecord(first.digest, first.name, {}))
        with admitted(node) as second:
            second.receiver.opened()
            assert second.jobs.wait_until_idle(DEADLINE)
        with admitted(node) as third, monkeypatch.context() as patch:
            patch.setattr(JobQueue, "submit", lambda queue, job: pytest.fail("It works."))

            third.receiver.opened()

            assert node.health()["channels"] == 1


def answering():
    """An app with a handler that waits for the test."""
    realtime, gate = Realtime(), threading.Event()
    realtime.handler("wait")(lambda data: str(gate.wait(DEADLINE)))
    return realtime, gate


def use(node, page):
    """Start every thread of the node: by a push, a message, and a client that does not read."""
    digest = page.connection.digest
    node.registry.subscribe(digest, ["room"])
    eventually(lambda: node.is_heard("room"))
    node.registry.publish([Push("room", '"hi"', None)])
    assert page.receive_payloads(1) == ["hi"]
    page.say("wait")
    page.receive()
    large = '"' + 300_000 * "x" + '"'
    for _ in range(4):
        node.registry.publish([Push("room", large, None)])
    eventually(lambda: {"realtime-poller"} & {one.name for one in threads_of_ours()})


@pytest.mark.usefixtures("short_goodbyes")
@pytest.mark.parametrize("registry", ["memory", "redis"])
def test_closed_node_leaves_nothing_behind(registry, redis_url):
    """A closed node leaves no thread, socket or file, whatever the app did."""
    before, files = threads_of_ours(), open_files()
    realtime, gate = answering()
    gate.set()
    settings = {"REDIS": redis_url, "REDIS_PREFIX": f"close-{id(gate)}"}
    node = node_of(registry, realtime, **(settings if registry == "redis" else {}))
    with Page(node) as page:
        use(node, page)
        began = {one.name for one in threads_of_ours() - before}

        node.close()

        left = threads_of_ours() - before
    assert {"realtime-heartbeat", "realtime-chores", "realtime-flusher"} <= began
    assert left == set()
    assert node.connections() == []
    eventually(lambda: open_files() == files, open_files)


@pytest.mark.usefixtures("short_goodbyes")
def test_node_that_is_closed_tells_its_sockets_to_come_back():
    """The node closes. Its sockets close with 1012, so that pages resume in another process, and no
    new socket is admitted."""
    node = node_of()
    with Page(node) as page:
        node.close()
        node.close()

        assert page.receive() == 1012
        with pytest.raises(Refusal, match="stopping"):
            Page(node)


def test_node_that_is_closed_waits_for_no_handler_for_ever(monkeypatch):
    """A handler still runs when the node closes. Closing does not wait for ever, and the handler's
    thread ends after the handler."""
    monkeypatch.setattr("flask_realtime.threads.background.END_SECONDS", 0.1)
    before = threads_of_ours()
    realtime, gate = answering()
    runs = threading.Event()
    realtime.handler("run")(lambda data: runs.set() or str(gate.wait(DEADLINE)))
    node = node_of(realtime=realtime)
    with Page(node) as page:
        page.say("run")
        assert runs.wait(DEADLINE)

        node.close(seconds=0.1)
        left = {one.name for one in threads_of_ours() - before}
        gate.set()

        eventually(lambda: not threads_of_ours() - before, threads_of_ours)
    assert left == {"realtime-worker"}


def test_node_looks_after_its_channels():
    """A node keeps new channels known as long as it has sockets."""
    names = [call.__qualname__ for _, call in node_of()._list_chores()]

    assert "ChannelUpkeep.sweep" in names


def test_node_refreshes_what_it_holds_well_before_it_expires():
    """The refresh interval follows the shortest of the registry's lifetimes."""
    node = node_of(CONNECT_TIMEOUT_SECONDS=30, DISCONNECT_TIMEOUT_SECONDS=90)

    seconds = [every for every, _ in node._list_chores()]

    assert 30 / module.REFRESHES_PER_TIMEOUT in seconds


class OfUser:
    """A socket of a user that was opened some seconds ago."""

    name, user, is_receptive, code = "1", "42", True, None

    def __init__(self, age):
        self.opened_at, self.session_ends_at = clock.monotonic() - age, math.inf

    def close_behind_work(self, code, _reason):
        self.code = code


@pytest.mark.parametrize(("lifetime", "code"), [(100, 1012), (1000, None), (None, None)])
def test_socket_of_a_user_gets_no_older_than_a_session_in_a_cookie(monkeypatch, lifetime, code):
    """The app logs its users out who ask for nothing for some time, by PERMANENT_SESSION_LIFETIME,
    which it sets where it logs them in. The sockets that they leave open come back, for whom the
    browser has no living session then."""
    node, socket = node_of(), OfUser(age=101)

    with monkeypatch.context() as patched:
        patched.setattr(node, "connections", lambda: [socket])
        limit = node._age_limit()
        node.app.permanent_session_lifetime = lifetime
        limit.sweep()

    assert socket.code == code
    assert "AgeLimit.sweep" in [call.__qualname__ for _, call in node._list_chores()]


def test_session_in_a_store_ends_by_its_own(monkeypatch):
    """A store may renew its sessions in any way: sockets look there whether theirs has ended."""
    node, socket = node_of(), OfUser(age=101)
    node.app.permanent_session_lifetime = 100
    node.app.session_interface = SessionInterface()

    with monkeypatch.context() as patched:
        patched.setattr(node, "connections", lambda: [socket])
        node._age_limit().sweep()

    assert socket.code is None
