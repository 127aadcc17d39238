"""The JavaScript client by itself, on node: its logic, its types."""

from __future__ import annotations

import pathlib
import shutil
import subprocess

import pytest

FOLDER = pathlib.Path(__file__).parent / "js"
TYPESCRIPT = FOLDER / "node_modules" / "typescript" / "bin" / "tsc"

pytestmark = pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")


def node(*arguments):
    """Run node in the folder of the JavaScript tests; returns its exit code and what it printed."""
    command = [shutil.which("node"), *arguments]
    done = subprocess.run(command, cwd=FOLDER, capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout + done.stderr


def test_client_does_what_its_tests_say():
    """Every test of tests/js passes on node."""
    code, output = node("--test", "--test-reporter=spec")

    assert code == 0, output


@pytest.mark.skipif(not TYPESCRIPT.exists(), reason="'make tests/js/node_modules' was not run")
def test_types_are_those_of_the_client():
    """realtime.d.ts says what the client is, and what a page's script may do with it."""
    code, output = node(str(TYPESCRIPT), "--project", ".")

    assert code == 0, output
