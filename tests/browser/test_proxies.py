"""nginx and HAProxy with TLS and HTTP/2 in front of servers, configured as the README says."""

import contextlib
import json
import secrets
import signal

import pytest
import requests
import trustme

from tests.eventually import DEADLINE

from ..hostile import nginx
from ..integration.serving import ServerProcess
from . import haproxy
from .conftest import APPS

PROXIES = [
    pytest.param(proxy, marks=pytest.mark.skipif(module.PATH is None, reason="not installed"))
    for proxy, module in (("nginx", nginx), ("haproxy", haproxy))
]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    file = tmp_path_factory.mktemp("tls") / "site.pem"
    issued = trustme.CA().issue_cert("127.0.0.1")
    issued.private_key_and_cert_chain_pem.write_to_path(file)
    return file


@contextlib.contextmanager
def two_servers(redis_url):
    """Start two servers of one app: one with greenlets, one with threads."""
    settings = {
        "REALTIME_REDIS": json.dumps(redis_url),
        "REALTIME_REDIS_PREFIX": json.dumps(f"proxies-{secrets.token_hex(3)}"),
        "REALTIME_REDIS_TIMEOUT_SECONDS": json.dumps(DEADLINE),
    }
    kinds = ("gevent", "gthread")
    first, second = (
        ServerProcess(kind, "behind_tls:app", folder=APPS, **settings) for kind in kinds
    )
    with first, second:
        yield first, second


@pytest.fixture(scope="module")
def servers(redis_url):
    with two_servers(redis_url) as servers:
        yield servers


@pytest.fixture(scope="module")
def proxy(request, servers, certificate, tmp_path_factory):
    folder = tmp_path_factory.mktemp(request.param)
    if request.param == "nginx":
        made = nginx.Nginx(folder, servers[0], certificate=certificate)
    else:
        made = haproxy.HAProxy(folder, servers, certificate)
    with made as proxy:
        yield proxy


@pytest.fixture
def person(come, proxy):
    return come(proxy.url, ignore_https_errors=True)


def push(proxy, payload, channel):
    answer = requests.post(
        f"{proxy.url}/push/{channel}", json=payload, verify=False, timeout=DEADLINE
    )
    assert answer.status_code == 204


@pytest.mark.filterwarnings("ignore:Unverified HTTPS request")
@pytest.mark.parametrize("proxy", PROXIES, indirect=True)
def test_all_that_a_page_does_works_over_http_2(person, proxy):
    """Pages come by HTTP/2. Sockets, pushes, calls and forms work, those too that the browser makes
    by HTTP, with a cookie for https alone; the app knows the visitor's address and its own."""
    person.visit("/on/room")
    assert person.run("performance.getEntriesByType('navigation')[0].nextHopProtocol") == "h2"

    push(proxy, "hi", "room")
    person.wait_until_heard("hi")
    for path, is_called in (("/by-socket", True), ("/by-http", False)):
        forged = {"X-Forwarded-For": "1.2.3.4", "X-Forwarded-Proto": "http"}
        by_fetch = person.run(
            "([path, headers]) => fetch(path, {headers}).then((one) => one.json())", [path, forged]
        )
        called = person.run("path => realtime.call(path).then(({ body }) => body)", path)
        for who in (by_fetch, called):
            assert (who["address"], who["url"]) == ("127.0.0.1", proxy.url + path)
        assert (by_fetch["is_called"], called["is_called"]) == (False, is_called)

    person.page.click("#in")
    person.page.wait_for_url("**/on/in")
    assert person.page.title() == "Ada"
    [cookie] = person.context.cookies()
    assert (cookie["name"], cookie["secure"]) == ("__Host-session", True)
    person.wait_until_open()
    person.page.click("#out")
    person.page.wait_for_url("**/on/out")
    assert person.page.title() == "nobody"


@pytest.mark.filterwarnings("ignore:Unverified HTTPS request")
@pytest.mark.parametrize("proxy", PROXIES, indirect=True)
def test_visitor_does_not_say_where_the_app_is_mounted(proxy):
    """gunicorn would take a header of the proxy's visitor for the proxy's own: a path that no rule
    of the proxy names would lead to any view."""
    answer = requests.get(
        f"{proxy.url}/elsewhere/by-http",
        headers={"SCRIPT_NAME": "/elsewhere"},
        verify=False,
        timeout=DEADLINE,
    )

    assert answer.status_code == 404


@pytest.mark.filterwarnings("ignore:Unverified HTTPS request")
@pytest.mark.parametrize("proxy", PROXIES, indirect=True)
def test_proxy_that_reads_its_configuration_again_keeps_the_page(person, proxy):
    """The page gets each message once, those too that are pushed during a reload of the proxy."""
    person.visit("/on/room")

    push(proxy, 0, "room")
    proxy.reload()
    for number in range(1, 10):
        push(proxy, number, "room")
    person.wait_until_heard(9)

    assert person.run("heard") == list(range(10))


@pytest.mark.skipif(haproxy.PATH is None, reason="not installed")
@pytest.mark.filterwarnings("ignore:Unverified HTTPS request")
def test_server_that_dies_is_replaced_by_another(come, redis_url, certificate, tmp_path):
    """A server dies behind the proxy. No request fails, and the page goes on at the other server,
    with each message once."""
    with (
        two_servers(redis_url) as servers,
        haproxy.HAProxy(tmp_path, servers, certificate) as proxy,
    ):
        person = come(proxy.url, ignore_https_errors=True)
        lose_a_server(person, proxy, servers)


def lose_a_server(person, proxy, servers):
    person.visit("/on/room")
    pid = person.run("realtime.call('/by-socket').then(({ body }) => body.pid)")
    push(proxy, 0, "room")
    person.wait_until_heard(0)

    dying = next(server for server in servers if f"pid: {pid}" in server.log())
    dying.stop(signal.SIGKILL)
    for number in range(1, 10):
        push(proxy, number, "room")
    person.wait_until_heard(9)

    assert person.run("heard") == list(range(10))
    person.forgive("WebSocket connection to", "Failed to load resource")
