"""``make demo`` and ``make demo-redis``: their output, and their end."""

import contextlib
import os
import pathlib
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile

import gevent
import pip
import psutil
import pytest

from tests.eventually import eventually
from tests.ports import free_port

from .browsers import Browser, connection_id
from .serving import ROOT, get

# gevent's of 2024 says at its end that greenlets are being finalized, now and then.
QUIET_GEVENT = pytest.mark.skipif(
    int(gevent.__version__.split(".")[0]) < 25, reason="this gevent may not end in silence"
)
STOPPING = "\nStopping, once the open pages are told (Ctrl-C again: at once).\n"

# In place of Python's own module of that name.
VENV = """
import glob, os, subprocess, sys
del os.environ["PYTHONPATH"]
subprocess.run([sys.executable, "-m", "venv", "--without-pip", sys.argv[1]], check=True)
[packages] = glob.glob(sys.argv[1] + "/lib/python*/site-packages")
os.path.exists(packages + "/pip") or os.symlink("{pip}", packages + "/pip")
"""

pytestmark = pytest.mark.skipif(not shutil.which("make"), reason="make is not installed")


class Make:
    """A ``make`` in a terminal of its own.

    :param words: the target, and variables as ``PORT=8000``.
    :param environ: more environment variables.
    """

    def __init__(self, *words, **environ):
        self._output = tempfile.TemporaryFile("w+b")  # noqa: SIM115 - closed in __exit__
        inherited = {**os.environ, "PYTHONPATH": str(ROOT), **environ}
        # Set by a make that runs the tests.
        for name in ("MAKEFLAGS", "MAKELEVEL"):
            inherited.pop(name, None)
        self._process = subprocess.Popen(
            ["make", "--no-print-directory", *words],
            cwd=ROOT,
            env=inherited,
            stdin=subprocess.DEVNULL,
            stdout=self._output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            # A shell that runs these tests in its background has them ignore Ctrl-C.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )

    def __enter__(self):
        return self

    def __exit__(self, *exc_info):
        with contextlib.suppress(psutil.NoSuchProcess):
            make = psutil.Process(self._process.pid)
            for process in [*make.children(recursive=True), make]:
                process.kill()
        self._process.wait()
        self._output.close()

    def output(self):
        return os.pread(self._output.fileno(), 1_000_000, 0).decode()

    def wait_for(self, pattern):
        """Return the match of *pattern* in the output as soon as there is one."""

        def find():
            found = re.search(pattern, self.output())
            assert found or self._process.poll() is None, self.output()
            return found

        return eventually(find, explain=self.output)

    def press_ctrl_c(self):
        """Do as a terminal does, and return what is printed from then on until all has ended."""
        before = self.output()
        os.killpg(self._process.pid, signal.SIGINT)
        self.end()
        return self.output().removeprefix(before)

    def end(self):
        """The exit status, once make has ended."""
        eventually(lambda: self._process.poll() is not None, explain=self.output)
        return self._process.returncode


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """A virtual environment that needs no installation: this one's Python in another place."""
    place = tmp_path_factory.mktemp("demo")
    python = place / "bin" / "python"
    python.parent.mkdir()
    python.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} "$@"\n')
    python.chmod(0o755)
    (place / "demo").touch()
    return f"VENV={place}"


@pytest.fixture(scope="module", params=["given", pytest.param("its own", marks=pytest.mark.long)])
def place(request, tmp_path_factory):
    """Where a virtual environment is made, by the first test that needs one, and the PYTHONPATH for
    that. It is given this one's pip, since to install pip takes longer than all else."""
    folder = tmp_path_factory.mktemp("new")
    if request.param == "given":
        (folder / "venv.py").write_text(VENV.format(pip=pathlib.Path(pip.__file__).parent))
    return folder / "venv", {"PYTHONPATH": str(folder)}


@pytest.fixture
def database(tmp_path):
    return {"FLASK_SQLALCHEMY_DATABASE_URI": f"sqlite:///{tmp_path}/demo.sqlite"}


@QUIET_GEVENT
@pytest.mark.parametrize(
    ("target", "example", "welcome", "workers"),
    [
        pytest.param("demo", "chat", "Come in", 1, marks=pytest.mark.long),
        # The example that is imported soonest: seven processes do so.
        ("demo-redis", "progress", "Long jobs", 2),
    ],
)
def test_demo_invites_to_kill_it_and_comes_back(
    installed, database, target, example, welcome, workers
):
    """The printed address, whose port is from the environment, answers, also after each kind of
    kill that the output suggests. Ctrl-C prints one line. It ends a job in a process of its own,
    too, without an error about its missing Valkey."""
    port = free_port()
    with Make(target, f"EXAMPLE={example}", installed, PORT=str(port), **database) as demo:
        demo.wait_for("the whole server")
        url = f"http://127.0.0.1:{port}"
        *some, master = re.findall(r"kill -9 (\d+)", demo.output())
        assert f"The {example} example is at {url} (Ctrl-C ends it).\n" in demo.output()
        assert "second window" in demo.output()
        assert len(some) == workers
        assert welcome in get(url)

        os.kill(int(some[0]), signal.SIGKILL)
        demo.wait_for(rf"Worker {some[0]} is gone.\nWorker \d+ serves in its place.\n")
        assert welcome in get(url)

        os.kill(int(master), signal.SIGKILL)
        demo.wait_for(rf"The server is gone.*\n(Worker \d+ serves in its place.\n){{{workers}}}")
        assert welcome in get(url)

        with jobs_under_way(example, url) as jobs:
            assert demo.press_ctrl_c() == STOPPING
        eventually(lambda: not any(map(psutil.pid_exists, jobs)))
        assert demo.output().endswith(STOPPING)
        assert "Traceback" not in demo.output()


@contextlib.contextmanager
def jobs_under_way(example, url):
    """Begin a job, if the example has jobs: the ids of their processes."""
    if example != "progress":
        yield []
        return
    browser = Browser(url)
    with browser.open(connection_id(browser.post("/jobs").text)) as socket:
        [part] = socket.payloads(1)
        yield [int(re.search(r"process (\d+)", part["where"])[1])]


def test_demo_says_in_one_line_that_its_port_is_taken(installed):
    """The port is in use. One line says so and suggests a free port; nothing is installed."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with Make("demo", f"PORT={port}", "VENV=/nowhere") as demo:
            status = demo.end()
            line, *of_make = demo.output().splitlines()

        offered = int(re.search(r"PORT=(\d+)", line)[1])

    assert line.startswith(f"Port {port} is taken by another program")
    assert offered != port
    assert status != 0
    assert [one for one in of_make if not one.startswith("make: ")] == []


@pytest.mark.parametrize(
    ("word", "line"),
    [
        ("PORT=http", "PORT is a number from 1 to 65535, and not 'http'."),
        ("PORT=70000", "PORT is a number from 1 to 65535, and not '70000'."),
        ("EXAMPLE=caht", "EXAMPLE is one of board, chat, progress, and not 'caht'."),
    ],
)
def test_demo_says_in_one_line_what_it_cannot_take(word, line):
    """A wrong port or example is reported before anything is installed."""
    with Make("demo", word, "VENV=/nowhere") as demo:
        demo.end()

        assert demo.output().splitlines()[0] == line


def test_ctrl_c_ends_an_installation_with_one_line(place):
    """Each step is announced, and dots show its progress. Ctrl-C leaves no program running."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        index = f"http://127.0.0.1:{silent.getsockname()[1]}/simple"
        venv, path = place
        words = ("demo", f"PORT={free_port()}", f"VENV={venv}")
        with Make(*words, **path, PIP_INDEX_URL=index, PIP_NO_CACHE_DIR="1") as demo:
            demo.wait_for(r"installed into .*/venv.*\nMaking a virtual environment …\n")
            demo.wait_for(r"Downloading and installing:\.")
            pips = [one for one in psutil.process_iter(["environ"]) if runs(one, index)]

            said = demo.press_ctrl_c()

    assert said.lstrip(".") == "\nStopped. The same command goes on from here.\n"
    assert pips
    eventually(lambda: not any(one.is_running() for one in pips))


def runs(process, index):
    environ = process.info["environ"] or {}
    return environ.get("PIP_INDEX_URL") == index


def test_installation_that_fails_says_why(place):
    """pip fails, and its own error is shown. Nothing is served, and the next try installs again."""
    venv, path = place
    with Make("demo", f"PORT={free_port()}", f"VENV={venv}", **path, PIP_NO_INDEX="1") as demo:
        status = demo.end()

        assert "No matching distribution found" in demo.output()
        assert "Mend it, and run the command again." in demo.output()
        assert "Traceback" not in demo.output()
    assert status != 0
    assert not (venv / "demo").exists()
