"""Sockets that come at once are noted in the registry in turn."""

import subprocess
import sys
import threading
from contextlib import ExitStack

import pytest

from flask_realtime.identity import keys
from flask_realtime.node import admission
from flask_realtime.node.ended_receiver import EndedReceiver
from flask_realtime.registries.memory.registry import MemoryRegistry
from flask_realtime.threads import clock
from flask_realtime.transport.handshake import Refusal
from tests.eventually import DEADLINE, eventually

from ..handshakes import admitted
from .nodes import node_of


class Crowded(MemoryRegistry):
    """A registry that records how many connections call it at once."""

    reaches_other_processes = True

    def __init__(self, config):
        super().__init__(config)
        self.present = self.most = self.calls = 0
        self.full = threading.Barrier(admission.ENTERING_AT_ONCE)
        self._count = threading.Lock()

    def connect(self, digest, name, *more):
        self._wait_for_others()
        return super().connect(digest, name, *more)

    def subscriptions(self, digests):
        self._wait_for_others()
        return super().subscriptions(digests)

    def _wait_for_others(self):
        with self._count:
            self.present += 1
            self.most = max(self.most, self.present)
            self.calls += 1
            # Not all of the last calls have others beside them: nobody says who is let in first.
            waits = self.calls <= 2 * admission.ENTERING_AT_ONCE
        if waits:
            self.full.wait(DEADLINE)
        with self._count:
            self.present -= 1


@pytest.mark.parametrize("fallbacks", [[], ["an earlier key"]])
def test_sockets_that_come_at_once_enter_in_turn(fallbacks):
    """Many sockets open after a restart. Few call the registry at a time, also to find the secret
    key of a page, and nobody is refused."""
    node = node_of(Crowded)
    node.app.config["SECRET_KEY_FALLBACKS"] = fallbacks
    with ExitStack() as stack:
        coming = [
            threading.Thread(target=lambda: stack.enter_context(admitted(node)))
            for _ in range(3 * admission.ENTERING_AT_ONCE)
        ]
        for one in coming:
            one.start()
        for one in coming:
            one.join(DEADLINE)

        assert len(node.connections()) == len(coming)
        assert node.registry.most == admission.ENTERING_AT_ONCE


def test_socket_that_waits_too_long_for_its_turn_is_refused(monkeypatch):
    """A socket waits too long for its turn. It is refused, so that the server's thread is free, and
    its client tries again."""
    monkeypatch.setattr(admission, "ENTERING_SECONDS", 0)
    monkeypatch.setattr(admission, "ENTERING_AT_ONCE", 1)
    node = node_of(Crowded)
    node.registry.full = threading.Barrier(2)
    first = ExitStack()
    entering = threading.Thread(target=lambda: first.enter_context(admitted(node)))
    entering.start()
    while not node.registry.full.n_waiting:
        threading.Event().wait(0.001)

    with pytest.raises(Refusal) as refused, admitted(node):
        pass
    node.registry.full.wait(DEADLINE)
    entering.join(DEADLINE)
    first.close()

    assert refused.value.status == 503


def test_turn_that_is_free_is_taken_without_a_call_of_python():
    """A handshake finds a place at once. Taking the place and giving it back is done in C, since
    every handshake does it, also where a process comes back to thousands."""
    turn = admission._Turn()
    with turn:
        pass
    found = []

    def note(frame, event, _argument):
        if event == "call":
            found.append(frame.f_code.co_name)

    sys.setprofile(note)
    try:
        with turn:
            pass
    finally:
        sys.setprofile(None)

    assert found == ["__enter__", "__exit__"]


# Makes the turns on a thread of gevent's pool, and takes more than there are.
ON_ANOTHER_THREAD = """
from gevent import monkey; monkey.patch_all()
import gevent
from flask_realtime.node import admission

turn = gevent.get_hub().threadpool.apply(admission._Turn)

def enter():
    with turn:
        gevent.sleep(0)

entering = [gevent.spawn(enter) for _ in range(3 * admission.ENTERING_AT_ONCE)]
gevent.joinall(entering, raise_error=True)
print(len(entering))
"""


def test_process_that_is_begun_on_another_thread_wakes_who_waits_for_a_turn():
    """A process of gevent uses the library first on a thread of gevent's pool, to push for example.
    Many sockets open at once then. None is refused for having waited in vain."""
    command = [sys.executable, "-c", ON_ANOTHER_THREAD]

    done = subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE)

    assert done.stdout == f"{3 * admission.ENTERING_AT_ONCE}\n", done.stderr


def let_some_ms_pass():
    now = clock.monotonic()
    eventually(lambda: clock.monotonic() > now + 0.01)


def test_page_that_was_asked_for_before_a_ban_is_refused_however_long_it_waits(monkeypatch):
    """A page that hears nothing is asked for. Its handshake waits for its turn, and the user is
    banned meanwhile."""
    monkeypatch.setattr(admission, "ENTERING_AT_ONCE", 1)
    node = node_of(Crowded)
    node.registry.full = threading.Barrier(2)
    now = int(clock.now() * 1000)
    page = keys.dated_connection_id(node.app.secret_key, "another key", now)
    shaken = {"connection_id": page, "socket_key": "another key", "identity": "kim"}
    admitted_late, receivers = ExitStack(), []

    def come_late():
        one = admitted_late.enter_context(admitted(node, **shaken))
        receivers.append(type(one.receiver))

    first = ExitStack()
    threads = [
        threading.Thread(target=lambda: first.enter_context(admitted(node))),
        threading.Thread(target=come_late),
    ]
    threads[0].start()
    eventually(lambda: node.registry.full.n_waiting)
    threads[1].start()
    eventually(lambda: len(node.connections()) == 2)
    let_some_ms_pass()
    MemoryRegistry.end_user(node.registry, "kim")
    let_some_ms_pass()

    for _ in threads:
        node.registry.full.wait(DEADLINE)
    for thread in threads:
        thread.join(DEADLINE)
    first.close()
    admitted_late.close()

    assert receivers == [EndedReceiver]
