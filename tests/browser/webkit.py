"""A real WebKit, the one of GTK, with the part of Playwright's interface that the tests use."""

from __future__ import annotations

import contextlib

import pytest
import requests

from . import webdriver
from .webdriver import WebDriverError
from .webkit_page import Lacking, Page

PATH = webdriver.SCREEN and webdriver.DRIVER and webdriver.BROWSERS


@contextlib.contextmanager
def launch():
    """Start a screen for browsers, which start with their contexts.

    :returns: a context manager, which gives a :class:`Browser`.
    """
    with webdriver.screen() as display:
        browser = Browser(display)
        yield browser
        browser.close()


class Browser(Lacking):
    """Makes contexts, each in a process of its own.

    When a context is closed, its process is kept for the next context, because it takes long to
    start one.

    :param display: the name of the screen.
    """

    name = "webkit"

    def __init__(self, display):
        self._display = display
        self._free = []

    @property
    def browser_type(self):
        return self

    def new_context(self, **options):
        if options:
            pytest.skip(f"WebKit's driver has no {', '.join(options)}.")
        session = self._free.pop() if self._free else webdriver.Session(self._display)
        return Context(session, self._take_back)

    def close(self):
        for session in self._free:
            session.close()

    def _take_back(self, session):
        try:
            session.renew()
        except (WebDriverError, requests.RequestException):
            session.close()
        else:
            self._free.append(session)


class Context(Lacking):
    """One browser process, with its own cookies."""

    def __init__(self, session, give_back):
        self._session = session
        self._give_back = give_back
        self._scripts = []

    def add_init_script(self, script):
        """Run a script in each page after it has loaded; the driver offers no earlier time."""
        self._scripts.append(script)

    def on(self, event, listener):
        """Do nothing, because the driver reports no console. Skip tests that listen to other
        events."""
        if event not in ("console", "weberror"):
            pytest.skip(f"WebKit's driver does not report {event}.")

    def set_default_timeout(self, milliseconds):
        """Do nothing: all waits have the deadline of the tests."""

    def new_page(self):
        return Page(self._session, self._scripts)

    def clear_cookies(self, name=None):
        self._session.delete(f"/cookie/{name}" if name else "/cookie")

    def close(self):
        self._give_back(self._session)
