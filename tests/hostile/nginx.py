"""A real nginx in front of a server, configured as the README says."""

from __future__ import annotations

import contextlib
import os
import pathlib
import re
import shutil
import signal
import subprocess

from tests.eventually import eventually
from tests.integration.serving import STOP_SECONDS, is_open
from tests.ports import free_port

#: Debian has nginx in a folder that is only on root's path.
PATH = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin")
ROOT = pathlib.Path(__file__).parents[2]

FRAME = """
{user}
worker_processes 1;
daemon off;
pid {folder}/pid;
error_log {folder}/error.log;
events {{ worker_connections 256; }}
http {{
    access_log {folder}/access.log;
    {temporary}
    {lines}
}}
"""
TEMPORARY = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]


def readme() -> str:
    """Return the configuration for nginx that the README prints."""
    text = (ROOT / "README.rst").read_text()
    [block] = re.findall(r"^\.\. code-block:: nginx\n\n((?:    .*\n|\n)+)", text, re.MULTILINE)
    return block


def security(words: str = "by nginx for example") -> str:
    """Return the configuration for nginx that SECURITY.rst prints behind these words."""
    text = (ROOT / "SECURITY.rst").read_text()
    [block] = re.findall(rf"{re.escape(words)}::\n\n((?:      .*\n|\n)+)", text)
    return block


class Nginx:
    """An nginx process, which listens on a free port.

    :param folder: the folder for its files.
    :param server: the ``ServerProcess`` to which it passes requests.
    :param http: lines to add to the block ``http``, before the README's ``server``.
    :param locations: lines to add to that ``server``, before ``location /``. ``PASS`` in any of
        these lines stands for what the README has in ``location /``.
    :param certificate: the path of a file with a certificate and its key, for TLS and HTTP/2.
    """

    def __init__(self, folder, server, http="", locations="", certificate=None):
        self.port = free_port()
        self._scheme = "https" if certificate else "http"
        block = readme().replace("127.0.0.1:8000", f"127.0.0.1:{server.port}")
        listen = f"listen 127.0.0.1:{self.port}"
        if certificate:
            listen += (
                f" ssl http2; ssl_certificate {certificate}; ssl_certificate_key {certificate}"
            )
        block = block.replace("listen 80;", f"{listen};")
        passing = re.search(r"location / \{(.*?)\}", block, re.DOTALL)[1]
        block = block.replace("location / {", f"{locations}\n        location / {{")
        lines = (http + block).replace("PASS", passing)
        self._folder = folder
        temporary = (f"{name}_temp_path {folder}/{name};" for name in TEMPORARY)
        (folder / "nginx.conf").write_text(
            FRAME.format(
                folder=folder,
                temporary="\n    ".join(temporary),
                lines=lines,
                user="user root;" if os.getuid() == 0 else "",
            )
        )
        self._process = subprocess.Popen(
            [PATH, "-e", f"{folder}/error.log", "-p", folder, "-c", folder / "nginx.conf"],
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )

    def __enter__(self):
        eventually(self._answers, explain=self.log)
        return self

    def __exit__(self, *exc_info):
        self._process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(STOP_SECONDS)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def reload(self):
        """Have it read its configuration again, as ``nginx -s reload`` does."""
        self._process.send_signal(signal.SIGHUP)

    @property
    def url(self):
        return f"{self._scheme}://127.0.0.1:{self.port}"

    def log(self):
        return "".join(path.read_text() for path in self._folder.glob("*.log"))

    def _answers(self):
        assert self._process.poll() is None, self.log()
        return is_open(self.port)
