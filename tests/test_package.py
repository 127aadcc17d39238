"""The files that are installed."""

from __future__ import annotations

import doctest
import pathlib
import shutil
import subprocess
import sys
import tarfile
import zipfile

import pytest

from . import lowest_versions

ROOT = pathlib.Path(__file__).parents[1]
PACKAGE = ROOT / "flask_realtime"


@pytest.fixture(scope="module")
def packages(tmp_path_factory):
    """The files of a source distribution, and of a wheel that was built from it."""
    folder = tmp_path_factory.mktemp("packages")
    # A copy, since setuptools packs again whatever an earlier build has recorded in the folder.
    checkout = shutil.copytree(ROOT, folder / "checkout", ignore=only_packed)
    # Without environments of its own, which take two thirds of the time: make test has pip build
    # the package in one when it installs it.
    subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, checkout],
        check=True,
        capture_output=True,
    )
    (source,) = folder.glob("*.tar.gz")
    (wheel,) = folder.glob("*.whl")
    with tarfile.open(source) as archive:
        in_source = {name.partition("/")[2] for name in archive.getnames()}
    return {"source": in_source, "wheel": set(zipfile.ZipFile(wheel).namelist())}


def only_packed(folder, names):
    """Return what :func:`shutil.copytree` leaves out: all that is not part of the package."""
    packed = {PACKAGE.name} | {path.name for path in ROOT.iterdir() if path.is_file()}
    return set(names) - packed if pathlib.Path(folder) == ROOT else {"__pycache__"}


@pytest.mark.parametrize("kind", ["source", "wheel"])
def test_package_holds_all_that_it_reads(packages, kind):
    """The wheel contains the scripts for Redis and the browser, the browser's modules for users of
    a bundler, and py.typed."""
    held = packages[kind]
    needed = {
        path.relative_to(ROOT).as_posix()
        for path in PACKAGE.rglob("*")
        if path.suffix in (".py", ".lua", ".js", ".ts", ".typed")
    }

    assert needed <= held
    assert {
        "flask_realtime/javascript/client.js",
        "flask_realtime/javascript/package.json",
        "flask_realtime/py.typed",
        "flask_realtime/registries/redis/lua/append.lua",
        "flask_realtime/static/realtime.js",
    } <= held
    assert not [name for name in packages["wheel"] if name.startswith(("tests", "examples"))]


def test_lowest_versions_are_those_that_setup_cfg_allows(capsys):
    """make test-lowest installs the lower bound of each requirement in setup.cfg."""
    lowest_versions.main()

    printed = capsys.readouterr().out.split()
    assert doctest.testmod(lowest_versions) == (0, 1)
    assert {"flask==2.3.3", "werkzeug==2.3.7", "gunicorn==22"} <= set(printed)
