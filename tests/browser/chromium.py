"""A real Chromium, driven by Playwright; its console is watched."""

from __future__ import annotations

import contextlib
import pathlib
import re
import shutil

import pytest
from playwright.sync_api import expect, sync_playwright

from tests.eventually import DEADLINE, eventually

WHOLE = shutil.which("chromium") or shutil.which("chromium-browser")
# Without windows of its own it shows the same pages for two thirds of the processor, and keeps none
# of them for its back button.
PATH = shutil.which("chromium-headless-shell") or WHOLE
# What Playwright itself turns off: Chromium heeds one list alone, which is ours.
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
    # The menu of the address bar: a page of its own, as expensive as the one that is tested.
    "WebUIOmniboxAimPopup",
    "WebUIOmniboxPopup",
    # A process that is kept beside each page, in case that another one is wanted.
    "SpareRendererForSitePerProcess",
]
ARGUMENTS = [
    f"--disable-features={','.join(TURNED_OFF)}",
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# Playwright turns this cache off, and browsers that people use have it.
LEFT_OUT = ["--disable-back-forward-cache"]
# The events that a page gets that leaves for the back/forward cache and comes back.
LEAVE_AND_RETURN = "['pagehide', 'pageshow'].forEach((type) => dispatchEvent(new Event(type)))"
# How long Playwright waits for anything.
MILLISECONDS = DEADLINE * 1000
MODULES = pathlib.Path(__file__).parents[2] / "flask_realtime" / "javascript"


def constant(module, name):
    """The text of a number that a module of the client begins with."""
    return re.search(rf"^const {name} = ([\d_]+);", (MODULES / module).read_text(), re.M)[1]


# The client leaves a link to the browser when the socket has not answered within its patience,
# which a machine with much other load may take.
PATIENT = f"""(() => {{
  const set = setTimeout;
  window.setTimeout = (run, delay, ...rest) =>
    set(run, delay === {constant("forms.js", "PATIENCE")} ? {MILLISECONDS:.0f} : delay, ...rest);
}})()"""
# A page without a network waits for a sign of life, which cannot come, for no longer than this.
HASTY = f"""() => {{
  const set = setTimeout;
  window.setTimeout = (run, delay, ...rest) =>
    set(run, delay === {constant("heartbeat.js", "ANSWER_TIMEOUT")} ? 50 : delay, ...rest);
  window.unhurried = set;
}}"""
# Of what other browsers say, in words of their own, only what comes from our scripts counts.
OUR_WORDS = ("realtime", "data-realtime", "Forms and links with data-realtime")
# What Firefox reports as errors of the page, and Chromium not at all, or as the console's.
FIREFOX_WORDS = (
    "Cookie “",
    "Firefox can",
    "Loading failed for",
    "The connection to ws",
    "The page\N{RIGHT SINGLE QUOTATION MARK}s settings",
)
FORMS_ARE_HEEDED = """isSure => !(isSure || document.querySelector('[data-realtime]'))
  || performance.getEntriesByName('realtime-forms').length"""
# Where the driver tells of no frame of a WebSocket, the page notes them itself.
NOTE_FRAMES = """(() => {
  window.framesOfSockets = [];
  window.WebSocket = class extends WebSocket {
    constructor(...given) {
      super(...given);
      this.addEventListener("message", ({ data }) => framesOfSockets.push(data));
    }
  };
})()"""


@contextlib.contextmanager
def launch():
    """Start the browser.

    :returns: it, as a context manager; people come to it as :class:`Visitor`.
    """
    expect.set_options(timeout=MILLISECONDS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=PATH, args=ARGUMENTS, ignore_default_args=LEFT_OUT
        )
        yield browser
        browser.close()


def wait_until_open(page):
    """Wait as :meth:`Visitor.wait_until_open` does, for any page of a visitor."""
    page.wait_for_selector("body[data-realtime-state=open]", state="attached")
    page.wait_for_function(FORMS_ARE_HEEDED, arg=False)


class Visitor:
    """One person, with a browser context of their own and one tab.

    :param browser: as :func:`launch` gives it.
    :param url: of the server.
    :param prefix: where the app is mounted.
    :param is_patient: links and forms wait for the socket as long as a slow machine may take.
    :param options: of the context, as Playwright has them.
    """

    def __init__(self, browser, url, prefix="", is_patient=True, **options):
        self.url = url + prefix
        self.prefix = prefix
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

    def visit(self, path, is_open=True):
        """Load a page, and wait until its socket is open."""
        self.page.goto(self.url + path)
        if is_open:
            self.wait_until_open()

    def wait_until_open(self):
        """Until the page's socket is open and, if it has forms or links that ask for the socket,
        the script that gives it to them is there: until then the browser sends them itself."""
        wait_until_open(self.page)

    def wait_for_forms(self, is_sure=False):
        """Until those of the page that ask for the socket have it.

        :param is_sure: that there are any, where they do not stand in the document itself.
        """
        self.wait_for(FORMS_ARE_HEEDED, is_sure)

    def wait_for_state(self, state):
        # Attached: a body without content is not visible.
        self.page.wait_for_selector(f"body[data-realtime-state={state}]", state="attached")

    def wait_for(self, expression, argument=None):
        """Wait until *expression*, the text of a function, is true in the page.

        It must be a function, since the pages' Content-Security-Policy forbids to evaluate text.
        """
        self.page.wait_for_function(expression, arg=argument)

    def run(self, expression, argument=None):
        """Return the value of *expression* in the page."""
        return self.page.evaluate(expression, argument)

    def go_offline(self):
        """Take the network away, and return once the page has noticed; it doubts its link for a
        moment only, since Chromium computes for as long as it does.

        The tests in Node say how long that is, and test_staying.py waits for it.
        """
        self.run(HASTY)
        self.context.set_offline(True)
        self.wait_for_state("waiting")
        self.run("() => { window.setTimeout = window.unhurried; }")

    def wait_until_heard(self, payload):
        self.wait_for("payload => heard.includes(payload)", payload)

    def expect_download(self):
        """Wait, behind a block, for a file to be saved."""
        if self._browser_name == "firefox":
            from .firefox import DOWNLOADS

            return DOWNLOADS.expect()
        return self.page.expect_download()

    def forgive(self, *starts):
        """Forget errors that the browser itself reports when its network is away, also those that
        are still to come: it reports them when it can."""
        self._forgiven += starts
        self.errors = [error for error in self.errors if not error.startswith(starts)]

    def close(self):
        self.context.close()

    @property
    def frames(self):
        """The WebSocket frames that the page was sent."""
        if self._is_chromium:
            return self._frames
        # Its driver runs no script before those of the page.
        if self._browser_name == "webkit":
            pytest.skip("Nothing tells of the frames of a WebSocket here.")
        return self.run("window.framesOfSockets ?? []")

    def wait_for_frame(self, part):
        """Wait until the page was sent a WebSocket frame that contains *part*."""
        self.wait_until(lambda: any(part in frame for frame in self.frames))

    def wait_until(self, is_so):
        """Wait until *is_so* is true, while Playwright takes in events."""

        def ask():
            # Playwright takes in events only while it waits itself.
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
        if not error.startswith(self._forgiven):
            self.errors.append(error)
