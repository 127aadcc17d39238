"""Several processes of one app share a Redis: one renders pages, one holds sockets, one pushes."""

import threading

import pytest

from flask_realtime import Publisher
from tests.eventually import DEADLINE, eventually

from .browsers import Browser
from .serving import ServerProcess


@pytest.fixture(scope="module")
def environ(settings):
    return settings("redis", REDIS_PREFIX="processes")


@pytest.fixture(scope="module")
def pages(environ):
    with ServerProcess("gevent", **environ) as server:
        yield server


@pytest.fixture(scope="module")
def sockets(environ):
    with ServerProcess("gevent", **environ) as server:
        yield server


@pytest.fixture(scope="module")
def views(environ):
    with ServerProcess("gthread", **environ) as server:
        yield server


def test_page_socket_and_push_on_three_processes(pages, sockets, views, channel):
    """A page hears a push whichever processes rendered it, hold its socket, and push."""
    reader, writer = Browser(pages.url), Browser(views.url)
    page = reader.page(f"/on/{channel}")
    writer.post(f"/push/{channel}", json="before the socket")

    with reader.open(page, url=sockets.url) as socket:
        heard = socket.payloads(1)
        writer.post(f"/push/{channel}", json="after it")

        assert heard == ["before the socket"]
        assert socket.payloads(1) == ["after it"]


def test_socket_that_opens_late_misses_nothing(pages, sockets, views, channel):
    """A socket that opens long after its page was rendered gets all that was pushed in between."""
    reader, writer = Browser(pages.url), Browser(views.url)
    page = reader.page(f"/on/{channel}")
    for number in range(50):
        writer.post(f"/push/{channel}", json=number)

    with reader.open(page, url=sockets.url) as socket:
        assert socket.payloads(50) == list(range(50))


def test_publisher_needs_no_app(pages, sockets, redis_url, channel):
    """A job that has only the URL of Redis can push to pages."""
    reader = Browser(pages.url)
    with reader.open(reader.page(f"/on/{channel}"), url=sockets.url) as socket:
        with Publisher(redis_url, prefix="processes", timeout=DEADLINE) as publisher:
            publisher.push({"from": "a job"}, channel)
            publisher.push_many([(number, channel) for number in range(100)])

        assert socket.payloads(101) == [{"from": "a job"}, *range(100)]


def test_request_elsewhere_subscribes_a_socket_here(pages, sockets, views, channel):
    """A request of the page to any process subscribes its open socket at once."""
    reader = Browser(pages.url)
    page = reader.page(f"/on/{channel}")
    with reader.open(page, url=sockets.url) as socket:
        socket.settle()
        elsewhere = Browser(views.url)
        elsewhere.http.cookies = reader.http.cookies
        elsewhere.post(f"/subscribe/{channel}-more", headers={"X-Realtime-Connection-Id": page})
        elsewhere.post(f"/push/{channel}-more", json="heard")

        assert socket.payloads(1) == ["heard"]


def test_disconnect_reaches_the_process_that_holds_the_socket(pages, sockets, views, channel):
    """A log-out in one process closes the session's sockets in every process."""
    reader = Browser(pages.url)
    page = reader.page(f"/on/{channel}")
    with reader.open(page, url=sockets.url) as there, reader.open(page) as here:
        elsewhere = Browser(views.url)
        elsewhere.http.cookies = reader.http.cookies
        elsewhere.post("/disconnect-everywhere")

        assert there.close_code() == 1000
        assert here.close_code() == 1000


def test_session_waits_for_the_browser_on_whichever_process(pages, sockets, views, channel):
    """A session that was changed over a socket in one process can be fetched from another one."""
    reader = Browser(pages.url)
    page = reader.page(f"/on/{channel}")
    with reader.open(page, url=sockets.url) as socket:
        assert socket.call("/session/colour/red", method="post")["session"]
    reader.http.post(
        views.url + "/_realtime/session",
        headers={"X-Realtime-Connection-Id": page, "Origin": views.url},
    )

    assert reader.get("/session").json() == {"colour": "red"}


def test_plain_client_comes_back_on_another_process(pages, sockets, views, channel):
    """A client that never resumes continues in any process where its last socket ended."""
    reader, writer = Browser(pages.url), Browser(views.url)
    page = reader.page(f"/on/{channel}")
    with reader.open(page, url=sockets.url) as socket:
        writer.post(f"/push/{channel}", json=1)
        assert socket.payloads(1) == [1]
    eventually(lambda: not open_sockets(sockets))
    writer.post(f"/push/{channel}", json=2)

    with reader.open(page, url=views.url) as socket:
        assert socket.payloads(1) == [2]


def open_sockets(server):
    return Browser(server.url).get("/health").json()["connections"]


def test_bystander_loses_nothing_while_pages_load(pages, sockets, views, channel):
    """A socket gets every push in order while other pages load and close all the time."""
    bystander, writer = Browser(pages.url), Browser(views.url)
    stop = threading.Event()

    def load_pages():
        while not stop.is_set():
            visitor = Browser(pages.url)
            with visitor.open(visitor.page(f"/on/{channel}-{id(visitor)}"), url=sockets.url) as one:
                one.settle()

    loading = [threading.Thread(target=load_pages) for _ in range(4)]
    with bystander.open(bystander.page(f"/on/{channel}"), url=sockets.url) as socket:
        for thread in loading:
            thread.start()
        for number in range(120):
            writer.post(f"/push/{channel}", json=number)
        heard = socket.payloads(120)
        stop.set()
        for thread in loading:
            thread.join(DEADLINE)

    assert heard == list(range(120))
