"""Tests that several processes of pytest share out."""

import pathlib
import subprocess
import sys

from tests.eventually import DEADLINE

ROOT = pathlib.Path(__file__).parents[2]
CONFTEST = """
from tests.scheduling import OnePartEach

def pytest_xdist_make_scheduler(config, log):
    return OnePartEach(config, log)
"""
PASSES = """
def test_passes():
    pass
"""
DIES_ONCE = """
import os, pathlib, signal

def test_dies_once():
    place = pathlib.Path(__file__).with_name("has died")
    if not place.exists():
        place.touch()
        os.kill(os.getpid(), signal.SIGKILL)
"""


def test_process_that_dies_before_two_small_parts_holds_nothing_up(tmp_path):
    """One of two processes dies, and has two parts of one test yet to run. The process in its place
    runs both, and the run ends."""
    (tmp_path / "conftest.py").write_text(CONFTEST)
    for name, text in {"first": DIES_ONCE, "second": PASSES, "third": PASSES}.items():
        (tmp_path / f"test_{name}.py").write_text(text)

    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-n", "2", "-p", "no:cacheprovider", str(tmp_path)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        timeout=DEADLINE,
    )

    assert "1 failed, 3 passed" in done.stdout
