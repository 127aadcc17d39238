"""The tests that docs/testing.rst prints pass unchanged for the app that it prints."""

import pathlib
import re
import subprocess
import sys
import textwrap

from tests.eventually import DEADLINE

from .chromium import ARGUMENTS, MILLISECONDS, PATH

ROOT = pathlib.Path(__file__).parents[2]
# pytest-playwright offers such a page of a browser.
CONFTEST = f"""
import pytest
from playwright.sync_api import expect, sync_playwright

@pytest.fixture
def page():
    expect.set_options(timeout={MILLISECONDS})
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path={PATH!r}, args={ARGUMENTS!r})
        yield browser.new_page()
        browser.close()
"""


def test_printed_tests_pass(tmp_path):
    """A developer copies the document's app and tests into two files, and the tests pass."""
    document = (ROOT / "docs" / "testing.rst").read_text()
    blocks = re.findall(r"^\.\. code-block:: python\n\n((?:    .*\n|\n)+)", document, re.M)
    app, *tests = map(textwrap.dedent, blocks)
    tests = "\n".join(tests).replace("timeout=10", f"timeout={DEADLINE}")
    (tmp_path / "app.py").write_text(app)
    (tmp_path / "test_app.py").write_text(tests)
    (tmp_path / "conftest.py").write_text(CONFTEST)
    (tmp_path / "pytest.ini").write_text("[pytest]\nfilterwarnings = error\n")

    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_app.py"]
    done = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, timeout=8 * DEADLINE
    )

    assert f"{tests.count('def test_')} passed" in done.stdout, done.stdout + done.stderr
