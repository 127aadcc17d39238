"""A real PostgreSQL for tests that need what SQLite has not, where one is installed."""

from __future__ import annotations

import contextlib
import os
import pathlib
import shutil
import subprocess
import tempfile

from .eventually import DEADLINE, eventually
from .ports import free_port

# Debian does not put the programs of each version on the path.
FOLDERS = [*sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)]
PATH = os.pathsep.join([*map(str, FOLDERS), os.environ.get("PATH", "")])
IS_INSTALLED = all(shutil.which(name, path=PATH) for name in ("initdb", "postgres"))
# Prepared transactions (two-phase commits) are off by default.
OPTIONS = (
    "-c",
    "max_prepared_transactions=10",
    "-c",
    "fsync=off",
    "-c",
    "listen_addresses=127.0.0.1",
)


@contextlib.contextmanager
def postgres():
    """Start a PostgreSQL with an empty database.

    :returns: its URL, as SQLAlchemy takes it; as a context manager.
    """
    with tempfile.TemporaryDirectory(prefix="pg") as folder:
        # PostgreSQL refuses to run as root.
        user = "postgres" if os.getuid() == 0 else None
        if user is not None:
            shutil.chown(folder, user)
        data = f"{folder}/data"
        as_user = {"user": user, "cwd": folder, "stdin": subprocess.DEVNULL}
        subprocess.run(
            [_program("initdb"), "-D", data, "-U", "tests", "-A", "trust", "--no-sync"],
            check=True,
            capture_output=True,
            timeout=DEADLINE,
            **as_user,
        )
        port = free_port()
        server = subprocess.Popen(
            [_program("postgres"), "-D", data, "-p", str(port), "-k", folder, *OPTIONS],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            **as_user,
        )
        try:
            url = f"postgresql+psycopg://tests@127.0.0.1:{port}/postgres"
            eventually(lambda: _answers(url))
            yield url
        finally:
            server.terminate()
            server.wait(DEADLINE)


def _program(name):
    return shutil.which(name, path=PATH)


def _answers(url):
    import psycopg

    try:
        psycopg.connect(url.replace("+psycopg", "")).close()
    except psycopg.OperationalError:
        return False
    return True
