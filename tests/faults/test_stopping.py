"""A worker with many open sockets stops."""

import asyncio
import json
import signal

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from tests.eventually import DEADLINE
from tests.integration.browsers import Browser
from tests.integration.conftest import unexpected_tracebacks

from .scene import Scene

BUSY = 50
SETTINGS = {"MAX_CONNECTIONS_PER_SESSION": 1000, "REDIS_TIMEOUT_SECONDS": DEADLINE}
# Far longer than a test waits: a worker that ends in time has not waited for its graceful timeout.
PATIENT = ("--graceful-timeout", "600", "--timeout", "600")


@pytest.mark.parametrize(
    ("kind", "count"),
    [
        ("gevent", 300),
        pytest.param("gevent", 1000, marks=pytest.mark.long),
        pytest.param("gthread", 1000, marks=pytest.mark.long),
    ],
)
def test_all_of_many_sockets_are_told_to_come_back(kind, count):
    """Each of them is closed with 1012, after the reply to its last message, and no error is
    logged."""
    options = (*PATIENT, "--worker-connections", "1500", "--threads", "1100")
    with Scene(kind, options=options, **SETTINGS) as scene:
        codes, answers, has_ended = asyncio.run(stop_amid(scene, count))
        log = scene.server.log()

    assert codes == {1012: count}
    assert answers == BUSY
    assert has_ended
    assert unexpected_tracebacks(log) == []
    assert log.count('HTTP/1.1" 101 ') == count
    assert "[ERROR]" not in log


async def stop_amid(scene, count):
    """Run the story.

    :param count: how many sockets are open.
    :returns: how many sockets were closed with which code, how many replies came, and whether the
        server ended in time.
    """
    browser = Browser(scene.server.url)
    page = browser.page(f"/page/{scene.channel()}")
    address = f"ws://127.0.0.1:{scene.server.port}/?socket_connection_id={page}"
    sockets = []
    for _ in range(0, count, 50):
        sockets += await asyncio.gather(*(open_one(address, browser) for _ in range(50)))
    for socket in sockets[:BUSY]:
        await socket.send(json.dumps({"id": "1", "action": "sleep", "seconds": 1}))
        await socket.send(json.dumps({"id": "2", "action": "ping"}))
        assert json.loads(await socket.recv())["id"] == "2"
    ending = [asyncio.create_task(end_of(socket)) for socket in sockets]
    has_ended = await asyncio.to_thread(scene.server.stop, signal.SIGTERM, DEADLINE)
    ends = await asyncio.gather(*ending)
    codes = [code for code, _ in ends]
    return {code: codes.count(code) for code in codes}, sum(came for _, came in ends), has_ended


async def open_one(address, browser):
    return await connect(
        address,
        additional_headers={"Cookie": browser.cookies()},
        open_timeout=DEADLINE,
        ping_interval=None,
        compression=None,
    )


async def end_of(socket):
    """Return the close code of a socket, and how many messages came before it."""
    count = 0
    try:
        while True:
            assert json.loads(await socket.recv())["body"] == "slept"
            count += 1
    except ConnectionClosed:
        return socket.close_code, count
