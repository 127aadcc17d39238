"""The kinds of browsers for the tests of this folder; the variable BROWSER chooses one."""

from __future__ import annotations

import os

import pytest

from . import chromium, firefox, webkit

_KINDS = {"chromium": chromium, "firefox": firefox, "webkit": webkit}
#: The name of the kind that the tests use.
NAME = os.environ.get("BROWSER", "chromium")
#: The kind's module: ``launch()`` is a context manager; ``PATH`` is empty if it is not installed.
KIND = _KINDS[NAME]


def not_in(name, reason):
    """Return a mark that skips a test with browsers of the kind *name*.

    :param reason: what such a browser, or its driver, does in another way.
    """
    return pytest.mark.skipif(name == NAME, reason=f"{name}: {reason}")


READS_CONSOLE = NAME != "webkit"
#: Skips a test that is about the console.
reads_console = not_in("webkit", "its driver does not report the console")
