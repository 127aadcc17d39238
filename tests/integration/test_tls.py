"""Each kind of server works with TLS."""

import contextlib
import http.client
import json
import ssl

import pytest
import trustme

from tests.eventually import DEADLINE

from .browsers import Browser
from .conftest import unexpected_tracebacks
from .raw import RawSocket
from .serving import ServerProcess
from .shaking import GOOD

# http.client writes the Host header itself.
HANDSHAKE = {name: value for name, value in GOOD.items() if name != "Host"}

KINDS = ["gevent", "gthread", "pywsgi", "pywsgi-own-tls", "dev"]


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    """A certificate for 127.0.0.1 and its key, and the certificate to trust; three paths."""
    folder = tmp_path_factory.mktemp("tls")
    authority = trustme.CA()
    issued = authority.issue_cert("127.0.0.1")
    certificate, key, trusted = folder / "cert.pem", folder / "key.pem", folder / "ca.pem"
    issued.cert_chain_pems[0].write_to_path(certificate)
    issued.private_key_pem.write_to_path(key)
    authority.cert_pem.write_to_path(trusted)
    return str(certificate), str(key), str(trusted)


@pytest.mark.parametrize("kind", KINDS)
def test_sockets_work_over_tls(kind, authority, settings, channel):
    """Small and large messages arrive in both directions over TLS, even if the reader pauses."""
    certificate, key, trusted = authority
    with ServerProcess(kind, tls=(certificate, key), **settings("memory")) as server:
        browser = Browser(server.url, verify=trusted)
        context = ssl.create_default_context(cafile=trusted)
        with browser.open(browser.page(f"/on/{channel}"), ssl=context, max_queue=1) as socket:
            browser.post(f"/push-large/{channel}/5000000")
            browser.post(f"/push-many/{channel}", json=list(range(100)))
            first = socket.push()["payload"]
            numbers = socket.payloads(100)
            shouted = socket.ask("shout", text="x" * 100_000)["body"]["shouted"]
            socket.settle()

        assert len(first) == 5_000_000
        assert numbers == list(range(100))
        assert shouted == "X" * 100_000
        assert unexpected_tracebacks(server.log()) == []


# Of two servers with sockets of the same kind, gevent's or Python's, one tells it.
@pytest.mark.parametrize(
    "kind",
    [
        "gevent",
        "gthread",
        pytest.param("pywsgi", marks=pytest.mark.long),
        "pywsgi-own-tls",
        pytest.param("dev", marks=pytest.mark.long),
    ],
)
def test_peer_that_pauses_over_tls_holds_up_nobody_else(kind, authority, settings, channel):
    """A client pauses within a large message over TLS. Others are answered meanwhile, and the
    client gets the whole message once it reads again."""
    certificate, key, trusted = authority
    with ServerProcess(kind, tls=(certificate, key), **settings("memory")) as server:
        browser, other = (Browser(server.url, verify=trusted) for _ in range(2))
        context = ssl.create_default_context(cafile=trusted)
        page = browser.page(f"/on/{channel}")
        with RawSocket(server, browser, page, receive_buffer=4096, tls=context) as socket:
            other.post(f"/push-large/{channel}/5000000")
            answered = [other.get("/digest").status_code for _ in range(10)]
            message = json.loads(socket.receive()[1])

        assert answered == [200] * 10
        assert len(message["payload"]) == 5_000_000


def test_refused_handshake_leaves_the_connection_as_it_was(authority, settings, channel):
    """After a refused handshake the same connection can carry another request."""
    certificate, key, trusted = authority
    environ = settings("memory", MAX_CONNECTIONS_PER_SESSION=1)
    with ServerProcess("gevent", tls=(certificate, key), **environ) as server:
        browser = Browser(server.url, verify=trusted)
        page = browser.page(f"/on/{channel}")
        context = ssl.create_default_context(cafile=trusted)
        line = http.client.HTTPSConnection(
            "127.0.0.1", server.port, timeout=DEADLINE, context=context
        )
        cookies = {"Cookie": browser.cookies()}
        with browser.open(page, ssl=context) as socket, contextlib.closing(line):
            line.request("GET", f"/?socket_connection_id={page}", headers={**HANDSHAKE, **cookies})
            refused = line.getresponse()
            refused.read()
            socket.settle()
            line.request("GET", "/digest", headers=cookies)
            answered = line.getresponse()

        assert (refused.status, answered.status) == (429, 200)
