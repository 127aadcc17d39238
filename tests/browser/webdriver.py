"""Starts WebKitWebDriver, and drives its browser by the WebDriver protocol of the W3C."""

from __future__ import annotations

import contextlib
import glob
import json
import os
import pathlib
import shutil
import subprocess
import tempfile

import requests

from tests.eventually import DEADLINE, eventually
from tests.ports import free_port

DRIVER = shutil.which("WebKitWebDriver")
BROWSERS = glob.glob("/usr/lib/*/webkit2gtk-*/MiniBrowser")
SCREEN = shutil.which("Xvfb")
#: The key of an object that stands for an element, as WebDriver defines it.
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
MILLISECONDS = DEADLINE * 1000
# The catch is for a page without an origin: it has no storage, and reading that throws.
FORGET = """async () => {
  try {
    localStorage.clear();
    for (const one of await navigator.serviceWorker.getRegistrations()) await one.unregister();
  } catch {}
}"""


class WebDriverError(Exception):
    """An error that WebDriver answers in place of a result.

    :ivar kind: the name of the error in the protocol, such as ``no such element``.
    """

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(f"{kind}: {message}")
        self.kind = kind


@contextlib.contextmanager
def screen():
    """Run a virtual screen, for browsers that need one.

    :returns: a context manager, which gives the name of the screen.
    """
    reader, writer = os.pipe()
    # Without -noreset, Xvfb resets itself when its last client leaves, and refuses clients
    # meanwhile: the driver would wait for ever for a browser without a screen.
    options = ["-noreset", "-nolisten", "tcp", "-screen", "0", "1280x800x24"]
    command = [SCREEN, "-displayfd", str(writer), *options]
    process = subprocess.Popen(command, pass_fds=[writer], stderr=subprocess.DEVNULL)
    os.close(writer)
    with os.fdopen(reader) as told:
        number = told.readline().strip()
    try:
        yield f":{number}"
    finally:
        process.terminate()
        process.wait()


class Session:
    """One browser with its own cookies, of which one tab is driven.

    :param display: the name of the screen.
    :ivar output: the file to which the driver and the browser write.
    """

    def __init__(self, display: str) -> None:
        self._folder = tempfile.TemporaryDirectory()
        self.output = pathlib.Path(self._folder.name) / "output"
        port = free_port()
        home = {"HOME": self._folder.name, "XDG_RUNTIME_DIR": self._folder.name}
        environ = {
            **os.environ,
            **home,
            "DISPLAY": display,
            "GDK_BACKEND": "x11",
            "NO_AT_BRIDGE": "1",
        }
        with self.output.open("w") as output:
            self._process = subprocess.Popen(
                [DRIVER, f"--port={port}"], env=environ, stdout=output, stderr=subprocess.STDOUT
            )
        self._url = f"http://127.0.0.1:{port}/session"
        self._http = requests.Session()
        self._http.trust_env = False
        options = {
            "binary": BROWSERS[-1],
            "args": ["--automation"],
        }
        wanted = {
            "webkitgtk:browserOptions": options,
            "pageLoadStrategy": "none",
            "timeouts": {"script": int(MILLISECONDS), "implicit": 0},
        }
        body = {"capabilities": {"alwaysMatch": wanted}}
        try:
            self._url += "/" + eventually(lambda: self._begin(body), explain=self.output.read_text)
        except BaseException:
            self._end()
            raise

    def _begin(self, body):
        with contextlib.suppress(requests.ConnectionError):
            return self._ask("post", "", body)["sessionId"]

    def get(self, path):
        return self._ask("get", path)

    def post(self, path, **body):
        return self._ask("post", path, body)

    def delete(self, path):
        return self._ask("delete", path)

    def run(self, function, *arguments):
        """Run a function in the page, and return its result, or that of its promise.

        :param function: the text of the function.
        :param arguments: its arguments, which must be JSON or elements.
        """
        script = (
            "const done = arguments[arguments.length - 1];"
            f"Promise.resolve([...arguments].slice(0, -1)).then((given) => ({function})(...given))"
            ".then((value) => done([value]), (error) => done([null, String(error)]));"
        )
        value, *error = self.post("/execute/async", script=script, args=list(arguments))
        if error:
            raise WebDriverError("javascript error", error[0])
        return value

    def renew(self):
        """Open a new tab without history, close all others, and delete the site's cookies.

        This takes a quarter of the time that it takes to start another browser.

        :raises WebDriverError: if a page cannot be closed, because of a dialog for example.
        """
        self.run(FORGET)
        self.delete("/cookie")
        former = self.get("/window/handles")
        new = self.post("/window/new", type="tab")["handle"]
        for handle in former:
            self.post("/window", handle=handle)
            self.delete("/window")
        self.post("/window", handle=new)

    def close(self):
        """End the browser and its driver."""
        with contextlib.suppress(requests.RequestException, WebDriverError):
            self.delete("")
        self._end()

    def _end(self):
        self._process.terminate()
        self._process.wait()
        self._http.close()
        self._folder.cleanup()

    def _ask(self, method, path, body=None):
        data = None if body is None else json.dumps(body)
        # The timeout is longer than that of scripts, which is the deadline.
        answer = self._http.request(method, self._url + path, data=data, timeout=2 * DEADLINE)
        value = answer.json()["value"]
        if answer.status_code >= 400:
            raise WebDriverError(value["error"], value["message"])
        return value
