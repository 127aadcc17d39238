"""The kinds of browser that the tests of this folder drive: one a run, by the variable BROWSER."""

from __future__ import annotations

import os

import pytest

from . import chromium, firefox, webkit

_KINDS = {"chromium": chromium, "firefox": firefox, "webkit": webkit}
#: The name of the kind that is driven.
NAME = os.environ.get("BROWSER", "chromium")
#: What launches it: ``launch()`` is a context manager; ``PATH`` is empty where it is not installed.
KIND = _KINDS[NAME]


def not_in(name, reason):
    """Leave a test out where browsers of the kind *name* are driven.

    :param reason: what such a browser, or its driver, does otherwise.
    """
    return pytest.mark.skipif(name == NAME, reason=f"{name}: {reason}")


READS_CONSOLE = NAME != "webkit"
#: Leaves out a story that is of the console alone.
reads_console = not_in("webkit", "its driver tells nothing of consoles")
