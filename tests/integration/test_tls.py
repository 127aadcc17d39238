"""wss: each server with a certificate of its own."""

import ssl

import pytest
import trustme

from .browsers import Browser
from .conftest import unexpected_tracebacks
from .serving import ServerProcess


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    """A certificate for 127.0.0.1, and what a client has to trust."""
    folder = tmp_path_factory.mktemp("tls")
    authority = trustme.CA()
    issued = authority.issue_cert("127.0.0.1")
    certificate, key, trusted = folder / "cert.pem", folder / "key.pem", folder / "ca.pem"
    issued.cert_chain_pems[0].write_to_path(certificate)
    issued.private_key_pem.write_to_path(key)
    authority.cert_pem.write_to_path(trusted)
    return str(certificate), str(key), str(trusted)


@pytest.mark.parametrize("kind", ["gevent", "gthread", "pywsgi", "dev"])
def test_sockets_work_over_tls(kind, authority, settings, channel):
    """Small and large messages arrive both ways, at once, and a reader that pauses gets all."""
    certificate, key, trusted = authority
    with ServerProcess(kind, tls=(certificate, key), **settings("memory")) as server:
        browser = Browser(server.url, verify=trusted)
        context = ssl.create_default_context(cafile=trusted)
        with browser.open(browser.page(f"/on/{channel}"), ssl=context, max_queue=1) as socket:
            browser.post(f"/push-large/{channel}/5000000")
            browser.post(f"/push-many/{channel}", json=list(range(100)))
            first = socket.push(30)["payload"]
            numbers = socket.payloads(100)
            shouted = socket.ask("shout", text="x" * 100_000)["body"]["shouted"]
            socket.settle()

        assert len(first) == 5_000_000
        assert numbers == list(range(100))
        assert shouted == "X" * 100_000
        assert unexpected_tracebacks(server.log()) == []
