"""A real Firefox, driven by Playwright over WebDriver BiDi."""

from __future__ import annotations

import contextlib
import pathlib
import shutil
import sys
import tempfile
import time

from playwright.sync_api import expect, sync_playwright

from tests.eventually import eventually

from .chromium import MILLISECONDS

PATH = shutil.which("firefox-esr") or shutil.which("firefox")
BRIDGE = pathlib.Path(__file__).with_name("firefox_bridge.py")
PAUSE = 0.5  # seconds; Firefox first creates an empty file, and then the .part file beside it
PREFERENCES = {
    # Firefox makes no requests to servers other than those of the tests.
    "app.normandy.enabled": False,
    "browser.safebrowsing.downloads.enabled": False,
    "browser.safebrowsing.malware.enabled": False,
    "browser.safebrowsing.phishing.enabled": False,
    "extensions.systemAddon.update.enabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "services.settings.server": "data:,#remote-settings-dummy/v1",
}


class Downloads:
    """The files that the browser saves. Over BiDi Playwright is not told of downloads.

    :ivar folder: the folder of the files, set when the browser is launched.
    """

    folder: pathlib.Path

    @contextlib.contextmanager
    def expect(self):
        """Wait at the end of the block for a file to be saved.

        Former files are removed first: the browser would give a new file of the same name another
        one.
        """
        for former in self.folder.iterdir():
            former.unlink()
        download = Download()
        yield download
        [download.file] = eventually(self._whole, lambda: list(self.folder.iterdir()))

    def _whole(self):
        """Return the files if all of them are complete, else an empty list."""
        files = list(self.folder.iterdir())
        if any(not one.stat().st_size for one in files):
            time.sleep(PAUSE)
            files = list(self.folder.iterdir())
        return [] if any(one.suffix == ".part" for one in files) else files


class Download:
    """A file that was saved, with the part of Playwright's interface that the tests use."""

    file: pathlib.Path

    @property
    def value(self):
        return self

    @property
    def suggested_filename(self):
        return self.file.name

    def path(self):
        return self.file


DOWNLOADS = Downloads()


@contextlib.contextmanager
def launch():
    """Start the browser.

    :returns: a context manager, which gives Playwright's browser.
    """
    expect.set_options(timeout=MILLISECONDS)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        DOWNLOADS.folder = pathlib.Path(folder) / "downloads"
        DOWNLOADS.folder.mkdir()
        start = pathlib.Path(folder) / "firefox"
        start.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{BRIDGE}" "{PATH}" "$@"\n')
        start.chmod(0o755)
        browser = playwright.firefox.launch(
            channel="moz-firefox",
            executable_path=start,
            firefox_user_prefs=PREFERENCES,
            downloads_path=DOWNLOADS.folder,
            env={"HOME": folder},
        )
        yield browser
        browser.close()
