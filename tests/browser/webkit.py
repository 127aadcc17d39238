"""A real WebKit, that of GTK: as much of Playwright's interface as the stories ask for."""

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
    """Find the browser's screen.

    :returns: what contexts are made of, as a context manager.
    """
    with webdriver.screen() as display:
        browser = Browser(display)
        yield browser
        browser.close()


class Browser(Lacking):
    """The kind of browser, of which each context is a process of its own.

    One whose context is closed is kept for the next context, since to start another takes long.
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
    """One browser, with cookies of its own."""

    def __init__(self, session, give_back):
        self._session = session
        self._give_back = give_back
        self._scripts = []

    def add_init_script(self, script):
        """Have pages run a script: once they are there, which is the earliest that can be had."""
        self._scripts.append(script)

    def on(self, event, listener):
        """The driver tells nothing of consoles; a story that listens to more is not told here."""
        if event not in ("console", "weberror"):
            pytest.skip(f"WebKit's driver tells of no {event}.")

    def set_default_timeout(self, milliseconds):
        """All waits have the deadline of the tests."""

    def new_page(self):
        return Page(self._session, self._scripts)

    def clear_cookies(self, name=None):
        self._session.delete(f"/cookie/{name}" if name else "/cookie")

    def close(self):
        self._give_back(self._session)
