"""The import contracts of setup.cfg catch the imports that they forbid."""

from __future__ import annotations

import configparser
import importlib.util
import os
import pathlib
import re
import shutil
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).parents[1]
PACKAGE = "flask_realtime"

#: By contract: a room, and the module that it may not import.
FORBIDDEN = {
    "Each storey knows only those below it": ("protocol", "flask_realtime.hub"),
    "The core runs without Flask": ("writing", "flask"),
    "Only the transport knows flask-sock, simple-websocket and wsproto": (
        "node",
        "simple_websocket",
    ),
    "Only the registry in Redis knows redis": ("hub", "redis"),
    "Nobody imports gevent or asyncio": ("threads", "gevent"),
}

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("importlinter") is None, reason="import-linter is not installed"
)


@pytest.fixture
def source(tmp_path):
    """A copy of the package and of its contracts."""
    shutil.copytree(
        ROOT / PACKAGE, tmp_path / PACKAGE, ignore=shutil.ignore_patterns("__pycache__")
    )
    shutil.copy(ROOT / "setup.cfg", tmp_path)
    return tmp_path


def check(folder):
    """Have import-linter check the package in *folder*.

    :returns: the output of import-linter, and KEPT or BROKEN by the name of the contract.
    """
    code = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    done = subprocess.run(
        [sys.executable, "-c", code, "--no-cache"],
        cwd=folder,
        # The output is folded at this column.
        env={**os.environ, "COLUMNS": "500"},
        capture_output=True,
        text=True,
    )
    output = done.stdout + done.stderr
    return output, dict(re.findall(r"^(.+) (KEPT|BROKEN)$", output, re.MULTILINE))


def contracts():
    """The names of the contracts in setup.cfg."""
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg")
    return {config[one]["name"] for one in config.sections() if one.startswith("importlinter:")}


def test_package_keeps_each_contract(source):
    """The package imports nothing that a contract forbids."""
    output, verdicts = check(source)

    assert verdicts == dict.fromkeys(contracts(), "KEPT"), output


def test_contract_catches_the_import_that_it_forbids(source):
    """Each contract names the import that breaks it, even one within a function."""
    for room, module in FORBIDDEN.values():
        with (source / PACKAGE / room / "__init__.py").open("a") as file:
            file.write(f"\n\ndef planted():\n    import {module}\n")

    output, verdicts = check(source)

    assert set(FORBIDDEN) == contracts()
    assert verdicts == dict.fromkeys(FORBIDDEN, "BROKEN"), output
    for name, (room, module) in FORBIDDEN.items():
        assert f"{PACKAGE}.{room} -> {module} " in sections(output)[name], output


def sections(output):
    """The underlined sections of import-linter's output, by their headings."""
    _, *pieces = re.split(r"^(.+)\n-+$", output, flags=re.MULTILINE)
    return dict(zip(pieces[::2], pieces[1::2], strict=True))
