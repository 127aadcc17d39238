"""What is installed."""

from __future__ import annotations

import doctest
import pathlib
import subprocess
import sys
import zipfile

import pytest

from . import lowest

ROOT = pathlib.Path(__file__).parents[1]
PACKAGE = ROOT / "flask_realtime"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The files of a wheel that was built from this source."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--outdir", folder, ROOT],
        check=True,
        capture_output=True,
    )
    (path,) = folder.glob("*.whl")
    return set(zipfile.ZipFile(path).namelist())


def test_wheel_holds_all_that_the_package_reads(wheel):
    """Scripts for Redis and for the browser, and the mark that says it is typed, come along."""
    needed = {
        path.relative_to(ROOT).as_posix()
        for path in PACKAGE.rglob("*")
        if path.suffix in (".py", ".lua", ".js", ".ts", ".typed")
    }

    assert needed <= wheel
    assert {"flask_realtime/py.typed", "flask_realtime/registries/redis/lua/append.lua"} <= wheel
    assert not [name for name in wheel if name.startswith(("tests", "examples"))]


def test_lowest_versions_are_those_that_setup_cfg_allows(capsys):
    """What make test-lowest installs is read from setup.cfg, each requirement's lower bound."""
    lowest.main()

    printed = capsys.readouterr().out.split()
    assert doctest.testmod(lowest) == (0, 1)
    assert {"flask==2.3.3", "werkzeug==2.3.7", "gunicorn==22"} <= set(printed)
