"""A real HAProxy in front of servers, configured as the README says."""

from __future__ import annotations

import os
import pathlib
import re
import shutil
import signal
import subprocess
import textwrap

from tests.eventually import eventually
from tests.integration.serving import is_open
from tests.ports import free_port

#: Debian has it in a folder that is only on root's path.
PATH = shutil.which("haproxy", path=f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin")
README = pathlib.Path(__file__).parents[2] / "README.rst"


def readme() -> str:
    """Return the configuration for HAProxy that the README prints."""
    pattern = r"^HAProxy\n~+\n\n\.\. code-block:: text\n\n((?:    .*\n|\n)+)"
    [block] = re.findall(pattern, README.read_text(), re.MULTILINE)
    return textwrap.dedent(block)


class HAProxy:
    """An HAProxy process with TLS, which listens on a free port.

    :param folder: the folder for its files.
    :param servers: the two ``ServerProcess`` to which it passes requests.
    :param certificate: the path of a file with a certificate and its key.
    """

    def __init__(self, folder, servers, certificate):
        self.port = free_port()
        block = readme().replace("bind :443", f"bind 127.0.0.1:{self.port}")
        block = block.replace("/etc/haproxy/site.pem", str(certificate))
        for port, server in zip((8000, 8001), servers, strict=True):
            assert block.count(f"127.0.0.1:{port}") == 1
            block = block.replace(f"127.0.0.1:{port}", f"127.0.0.1:{server.port}")
        (folder / "haproxy.cfg").write_text(block)
        self._log = (folder / "haproxy.log").open("w+")
        self._process = subprocess.Popen(
            # As a master with a worker, so that SIGUSR2 reloads it.
            [PATH, "-W", "-f", folder / "haproxy.cfg"],
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def __enter__(self):
        eventually(self._answers, explain=self.log)
        return self

    def __exit__(self, *exc_info):
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._log.close()

    @property
    def url(self):
        return f"https://127.0.0.1:{self.port}"

    def reload(self):
        """Have it read its configuration again, as ``systemctl reload`` does."""
        before = self.log().count("Loading success")
        self._process.send_signal(signal.SIGUSR2)
        eventually(lambda: self.log().count("Loading success") > before, explain=self.log)

    def log(self):
        self._log.seek(0)
        return self._log.read()

    def _answers(self):
        assert self._process.poll() is None, self.log()
        return is_open(self.port)
