"""WebKitWebDriver, and a tab of the browser that it starts: W3C's WebDriver protocol over HTTP."""

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
#: WebDriver's name for the key of an object that stands for an element.
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
MILLISECONDS = DEADLINE * 1000
# A page without an origin has no storage: reading it throws.
FORGET = """async () => {
  try {
    localStorage.clear();
    for (const one of await navigator.serviceWorker.getRegistrations()) await one.unregister();
  } catch {}
}"""


class WebDriverError(Exception):
    """What WebDriver answers instead of a result.

    :ivar kind: its name in the protocol, such as ``no such element``.
    """

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(f"{kind}: {message}")
        self.kind = kind


@contextlib.contextmanager
def screen():
    """A screen that nobody sees, for browsers that cannot do without.

    :returns: its name, as a context manager.
    """
    reader, writer = os.pipe()
    # Without -noreset it begins anew whenever its last client leaves it, and refuses whoever comes
    # meanwhile: the driver then waits for ever for a browser that found no screen.
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
    """One browser with cookies of its own, and a tab that is driven.

    :param display: the screen on which it is shown.
    :ivar output: the file that has what the driver and the browser say.
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
        """Return what the text of a function gives in the page, or what its promise does."""
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
        """Have a tab without a past, and no cookies of the site that was seen last.

        It takes a quarter of the time that another browser takes to start.

        :raises WebDriverError: if the page does not let go, behind a dialog for instance.
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
        # Longer than the longest script.
        answer = self._http.request(method, self._url + path, data=data, timeout=2 * DEADLINE)
        value = answer.json()["value"]
        if answer.status_code >= 400:
            raise WebDriverError(value["error"], value["message"])
        return value
