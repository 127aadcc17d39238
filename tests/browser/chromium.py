"""A real Chromium, driven by Playwright, and visitors whose browser consoles are watched."""

from __future__ import annotations

import contextlib
import pathlib
import re
import shutil

import pytest
from playwright.sync_api import expect, sync_playwright

from tests.eventually import DEADLINE, eventually

from .hands import Hands
from .tabs import Tab
from .waiting import wait_for

WHOLE = shutil.which("chromium") or shutil.which("chromium-browser")
# The headless shell shows the same pages in two thirds of the processor time, but keeps none of
# them for the back button.
PATH = shutil.which("chromium-headless-shell") or WHOLE
# Features to turn off. Chromium uses only the last such list of its command line, so that this list
# repeats what Playwright turns off.
TURNED_OFF = [
    "AvoidCorsURLLoaderRestartOnRedirect",
    "AvoidUnnecessaryBeforeUnloadCheckSync",
    "DestroyProfileOnBrowserClose",
    "HttpsFirstBalancedModeAutoEnable",
    "HttpsUpgrades",
    "MediaRouter",
    "OptimizationHints",
    "PaintHolding",
    "ThirdPartyStoragePartitioning",
    # The menu of the address bar is a page, as expensive as the one that is tested.
    "WebUIOmniboxAimPopup",
    "WebUIOmniboxPopup",
    # The spare renderer is a process that waits beside each page in case of another page.
    "SpareRendererForSitePerProcess",
]
# Those of the whole browser, for what only that one does: all else is as users have it.
WHOLE_ARGUMENTS = [
    f"--disable-features={','.join(TURNED_OFF)}",
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # One process for all sites that a page leads to, in place of a new one for each. What a page
    # may do to another site's is the same.
    "--disable-site-isolation-trials",
]
# RenderDocument makes a frame anew for each document, which takes a third of the processor time of
# a visit, and which no page notices.
ARGUMENTS = [*WHOLE_ARGUMENTS, f"--disable-features={','.join([*TURNED_OFF, 'RenderDocument'])}"]
# Playwright turns the back/forward cache off, but users' browsers have it.
LEFT_OUT = ["--disable-back-forward-cache"]
# The events of a page that goes into the back/forward cache and comes back.
LEAVE_AND_RETURN = "['pagehide', 'pageshow'].forEach((type) => dispatchEvent(new Event(type)))"
# How long Playwright waits for anything, in ms.
MILLISECONDS = DEADLINE * 1000
MODULES = pathlib.Path(__file__).parents[2] / "flask_realtime" / "javascript"
# What Chromium says of a socket that was opening as its page was left.
LEFT = "WebSocket is closed before the connection is established."


def constant(module, name):
    """Return the text of the constant *name*, a number, of a module of the client."""
    return re.search(rf"^const {name} = ([\d_]+);", (MODULES / module).read_text(), re.M)[1]


# The client leaves a link to the browser if the socket has not answered within PATIENCE. A loaded
# machine may take longer, so this script makes the client wait for the tests' deadline.
PATIENT = f"""(() => {{
  const set = setTimeout;
  window.setTimeout = (run, delay, ...rest) =>
    set(run, delay === {constant("forms.js", "PATIENCE")} ? {MILLISECONDS:.0f} : delay, ...rest);
}})()"""
# Makes the client notice after 50 ms that the network is down, in place of ANSWER_TIMEOUT.
HASTY = f"""() => {{
  const set = setTimeout;
  window.setTimeout = (run, delay, ...rest) =>
    set(run, delay === {constant("heartbeat.js", "ANSWER_TIMEOUT")} ? 50 : delay, ...rest);
  window.unhurried = set;
}}"""
# Makes the client wait for another of its scripts for 50 ms in place of LONGEST_LOAD.
IMPATIENT = f"""(() => {{
  const set = setTimeout;
  window.setTimeout = (run, delay, ...rest) =>
    set(run, delay === {constant("realtime.js", "LONGEST_LOAD")} ? 50 : delay, ...rest);
}})()"""
# How messages of the client begin. Other messages are checked in Chromium only: other browsers word
# them differently.
OUR_WORDS = ("realtime", "data-realtime", "Forms and links go by HTTP")
# How messages begin that Firefox reports as errors of the page, and Chromium in the console or not
# at all.
FIREFOX_WORDS = (
    "Cookie “",
    "Firefox can",
    "Loading failed for",
    "The connection to ws",
    "The page\N{RIGHT SINGLE QUOTATION MARK}s settings",
)
STATE_IS = "(state) => document.querySelector(`body[data-realtime-state=${state}]`)"
FORMS_ARE_HEEDED = """isSure => !(isSure || document.querySelector('[data-realtime]'))
  || performance.getEntriesByName('realtime-forms').length"""
IS_OPEN = f"() => ({STATE_IS})('open') && ({FORMS_ARE_HEEDED})(false)"
# Collects WebSocket frames in the page, for drivers that do not report them.
NOTE_FRAMES = """(() => {
  const frames = window.framesOfSockets = [];
  window.WebSocket = class extends WebSocket {
    constructor(...given) {
      super(...given);
      this.addEventListener("message", ({ data }) => frames.push(data));
    }
  };
})()"""


@contextlib.contextmanager
def launch():
    """Start the browser.

    :returns: a context manager, which gives Playwright's browser.
    """
    expect.set_options(timeout=MILLISECONDS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=PATH, args=ARGUMENTS, ignore_default_args=LEFT_OUT
        )
        yield browser
        browser.close()


def wait_until_open(page):
    """Do what :meth:`Visitor.wait_until_open` does, for any page of a visitor."""
    wait_for(page, IS_OPEN)


class Visitor(Hands):
    """One person with a browser context, so with cookies of their own, and one tab.

    :param browser: the browser that :func:`launch` gives.
    :param url: the address of the server.
    :param prefix: the path at which the app is mounted.
    :param is_patient: whether links and forms wait for the socket as long as a slow machine may
        take.
    :param options: options of Playwright's ``new_context``.
    """

    def __init__(self, browser, url, prefix="", is_patient=True, **options):
        self.move(url, prefix)
        self.context = browser.new_context(**options)
        self.context.set_default_timeout(MILLISECONDS)
        if is_patient:
            self.context.add_init_script(PATIENT)
        self._browser_name = browser.browser_type.name
        self._is_chromium = self._browser_name == "chromium"
        if not self._is_chromium:
            self.context.add_init_script(NOTE_FRAMES)
        self.page = self.context.new_page()
        self.errors = []
        self._forgiven = ()
        self._frames = []
        self.page.on("websocket", self._listen)
        self.context.on("console", self._note)
        self.context.on("weberror", self._note_error)
        if self._is_chromium:
            self._tab = Tab(self.context, self.page)

    def move(self, url, prefix=""):
        """Visit pages of another server from now on."""
        self.url = url + prefix
        self.prefix = prefix

    def visit(self, path, is_open=True):
        """Load a page, and wait until its socket is open."""
        self.page.goto(self.url + path)
        if is_open:
            self.wait_until_open()

    def wait_until_open(self):
        """Wait until the page's socket is open, and its script for forms and links has loaded.

        Until then the browser itself sends forms and follows links.
        """
        wait_until_open(self.page)

    def wait_for_forms(self, is_sure=False):
        """Wait until the script for forms and links has loaded, if the page needs it.

        :param is_sure: whether the page needs it in any case, though its document has no such form
            or link: they may stand in a shadow tree.
        """
        self.wait_for(FORMS_ARE_HEEDED, is_sure)

    def wait_for_state(self, state):
        self.wait_for(STATE_IS, state)

    def wait_for(self, expression, argument=None):
        """Wait until *expression*, the text of a function, returns something true in the page.

        It must be a function, since the pages' Content-Security-Policy forbids to evaluate text.
        """
        wait_for(self.page, expression, argument)

    def run(self, expression, argument=None):
        """Return the value of *expression* in the page."""
        return self.page.evaluate(expression, argument)

    def go_offline(self):
        """Switch the network off, and return once the page has noticed.

        The page is made to notice after 50 ms, because Chromium keeps the processor busy until
        then. The tests in Node cover the real time, and test_staying.py waits for it.
        """
        self.run(HASTY)
        self.context.set_offline(True)
        self.wait_for_state("waiting")
        self.run("() => { window.setTimeout = window.unhurried; }")

    def wait_until_heard(self, payload):
        self.wait_for("payload => heard.includes(payload)", payload)

    def expect_download(self):
        """Return a context manager that waits at the end of its block for a file to be saved."""
        if self._browser_name == "firefox":
            from .firefox import DOWNLOADS

            return DOWNLOADS.expect()
        return self.page.expect_download()

    def forgive(self, *starts):
        """Ignore errors that begin with one of *starts*, both past and later ones.

        For errors that the browser itself reports, at any time, when its network is away.
        """
        self._forgiven += starts
        self.errors = [error for error in self.errors if not error.startswith(starts)]

    def renew(self):
        """Make the tab, and the cookies, those of a new visitor.

        A visit takes 0.15 s of the processor then, in place of the 0.25 s in a new tab.

        :returns: whether that is possible; if not, close the visitor.
        """
        if not self._tab.renew():
            return False
        self.errors, self._frames, self._forgiven = [], [], ()
        return True

    def close(self):
        self.context.close()

    @property
    def frames(self):
        """The WebSocket frames that the page has received."""
        if self._is_chromium:
            return self._frames
        # WebKit's driver cannot run a script before those of the page.
        if self._browser_name == "webkit":
            pytest.skip("WebKit's driver does not report the frames of WebSockets.")
        return self.run("window.framesOfSockets ?? []")

    def wait_for_frame(self, part):
        """Wait until the page has received a WebSocket frame that contains *part*."""
        self.wait_until(lambda: any(part in frame for frame in self.frames))

    def wait_until(self, is_so):
        """Wait until *is_so()* is true, while Playwright handles events."""

        def ask():
            # Playwright handles events only while it waits itself.
            self.page.wait_for_timeout(10)
            return is_so()

        eventually(ask, explain=lambda: str(self.frames))

    def _listen(self, websocket):
        websocket.on("framereceived", lambda text: self._frames.append(str(text)))

    def _note_error(self, error):
        text = str(error.error)
        if self._is_chromium or not text.startswith(FIREFOX_WORDS):
            self._keep(text)

    def _note(self, message):
        is_told = self._is_chromium or message.text.startswith(OUR_WORDS)
        if is_told and message.type in ("error", "warning"):
            self._keep(message.text)

    def _keep(self, error):
        if not (error.startswith(self._forgiven) or error.endswith(LEFT)):
            self.errors.append(error)
