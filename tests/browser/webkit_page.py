"""A tab of WebKit and its elements, with the part of Playwright's interface that the tests use."""

from __future__ import annotations

import contextlib
import re
import secrets

import pytest

from tests.eventually import eventually

from .webdriver import ELEMENT, WebDriverError

KEYS = {"Enter": "\ue007", "Tab": "\ue004", "Escape": "\ue00c", "Backspace": "\ue003"}
MODIFIERS = {"Control": "\ue009", "Shift": "\ue008"}
# Errors of WebDriver while a page is being left, or before an element exists. They pass.
PASSING = {
    "element click intercepted",
    "element not interactable",
    "javascript error",
    "no such element",
    "no such frame",
    "no such window",
    "stale element reference",
    "unknown error",
}
FIND = """([selector, text]) => [...document.querySelectorAll(selector)].find(
    (one) => text === null || one.innerText.trim() === text) ?? null"""
IS_SEEN = """(one) => one.getClientRects().length > 0
    && getComputedStyle(one).visibility !== 'hidden'"""
NOTE_LEAVING = """() => {
  window.isLeaving = false;
  addEventListener("beforeunload", () => (window.isLeaving = true), { once: true });
}"""
# An image named readyState would hide the property of the document.
IS_LOADED = """Object.getOwnPropertyDescriptor(Document.prototype, "readyState").get.call(document)
    === 'complete'"""
# Tells whether a move in the history led to another document, or stayed within the same one.
NOTE_TRAVELLING = """(here) => {
  window.here = here;
  addEventListener("popstate", () => (window.here = ""), { once: true });
}"""
LONGEST_LEAVE = 60  # times 50 ms
IS_LEAVING = """() => new Promise((done) => setTimeout(() => done(window.isLeaving), 50))"""
TEXT_IS = re.compile(r"""(.*):text-is\(['"](.*)['"]\)""")


class Lacking:
    """Skips a test that uses a method or property which the driver does not offer."""

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        pytest.skip(f"WebKit's driver cannot do what {name} asks for.")


class Page(Lacking):
    """The tab."""

    def __init__(self, session, scripts):
        self._session = session
        self._scripts = scripts
        self.mouse = Mouse(session)

    @property
    def url(self):
        return self._session.get("/url")

    def title(self):
        return self._session.get("/title")

    def goto(self, url, **_):
        with self.expect_navigation():
            self._session.post("/url", url=url)
        for script in self._scripts:
            self.evaluate(f"() => {{ {script} }}")

    def reload(self, **_):
        with self.expect_navigation():
            self._session.post("/refresh")

    def go_back(self, **_):
        self._travel("/back")

    def go_forward(self, **_):
        self._travel("/forward")

    def evaluate(self, expression, arg=None):
        """Return the value of an expression in the page; of a function, its result for *arg*."""
        return self._session.run(
            f"async (arg) => {{ const it = ({expression});"
            " return typeof it === 'function' ? it(arg) : it; }",
            arg,
        )

    def wait_for_function(self, expression, arg=None):
        self._until(lambda: self.evaluate(expression, arg))

    def wait_for_selector(self, selector, state="attached", **_):
        if state in ("detached", "hidden"):
            return self._until(lambda: not self._find(selector))
        return self._until(lambda: self._find(selector))

    def wait_for_url(self, url, **_):
        pattern = re.compile(re.escape(url).replace(r"\*\*", ".*").replace(r"\*", "[^/]*"))
        self._until(lambda: pattern.fullmatch(self.url) and self._is_loaded())

    def wait_for_timeout(self, milliseconds):
        self._session.run("(pause) => new Promise((done) => setTimeout(done, pause))", milliseconds)

    @contextlib.contextmanager
    def expect_navigation(self, **_):
        """Wait at the end of the block until another document has loaded."""
        before = self._until(lambda: [self._origin()])
        yield
        self._until(lambda: [self._origin()] != before and self._is_loaded())

    def click(self, selector, modifiers=(), **_):
        if modifiers:
            pytest.skip("WebKit's driver has no clicks with keys.")
        self.evaluate(NOTE_LEAVING)
        before = self._origin()
        self._act(selector, "click")
        # As in Playwright, a click that leads to another page returns when that page has loaded. A
        # click whose answer is not a page, such as 204, only seems to leave the page for a moment.
        for _ in range(LONGEST_LEAVE):
            if not self._until(lambda: [self._origin() == before and self.evaluate(IS_LEAVING)])[0]:
                break

    def dblclick(self, selector):
        element = self.wait_for_selector(selector)
        self.mouse.do(Mouse.to({ELEMENT: element}), *2 * (DOWN, UP))

    check = click

    def focus(self, selector):
        self._on(selector, "(one) => one.focus()")

    def fill(self, selector, text):
        self._act(selector, "clear")
        if text:
            self._act(selector, "value", text=text)

    def press(self, selector, key):
        *held, last = key.split("+")
        text = "".join(MODIFIERS[one] for one in held) + KEYS.get(last, last)
        self._act(selector, "value", text=text)

    def type(self, selector, text):
        self._act(selector, "value", text=text)

    def input_value(self, selector):
        return self._on(selector, "(one) => one.value")

    def inner_text(self, selector):
        return self._on(selector, "(one) => one.innerText")

    def inner_html(self, selector):
        return self._on(selector, "(one) => one.innerHTML")

    def locator(self, selector):
        return Locator(self, selector)

    def on(self, event, listener):
        """Do nothing, because the driver reports no frames. Skip tests that listen to other
        events."""
        if event != "websocket":
            pytest.skip(f"WebKit's driver does not report {event}.")

    def _origin(self):
        return self.evaluate("performance.timeOrigin")

    def _is_loaded(self):
        return self.evaluate(IS_LOADED)

    def _travel(self, way):
        here = secrets.token_hex(3)
        self.evaluate(NOTE_TRAVELLING, here)
        self._session.post(way)
        self._until(lambda: self.evaluate("window.here ?? ''") != here)

    def _act(self, selector, verb, **body):
        def act():
            element = self._find(selector)
            if element and self._session.run(IS_SEEN, {ELEMENT: element}):
                self._session.post(f"/element/{element}/{verb}", **body)
                return True

        self._until(act)

    def _on(self, selector, function):
        return self._until(
            lambda: (
                (element := self._find(selector))
                and [self._session.run(function, {ELEMENT: element})]
            )
        )[0]

    def _find(self, selector):
        with_text = TEXT_IS.fullmatch(selector)
        found = self._session.run(FIND, list(with_text.groups()) if with_text else [selector, None])
        return found and found[ELEMENT]

    def _until(self, ask):
        """Call *ask* until it returns something true, and return that; ignore errors in PASSING."""
        last = []

        def try_it():
            try:
                return ask()
            except WebDriverError as error:
                last[:] = [error]
                if error.kind not in PASSING:
                    raise

        return eventually(try_it, explain=lambda: last)


class Locator(Lacking):
    """An element by its selector, which is looked up whenever the element is used."""

    def __init__(self, page, selector):
        self._page = page
        self._selector = selector

    def click(self, **options):
        self._page.click(self._selector, **options)

    def fill(self, text):
        self._page.fill(self._selector, text)

    def press(self, key):
        self._page.press(self._selector, key)

    def press_sequentially(self, text, **_):
        self._page.type(self._selector, text)

    def focus(self):
        self._page.focus(self._selector)

    def wait_for(self, **options):
        self._page.wait_for_selector(self._selector, **options)

    def inner_text(self):
        return self._page.inner_text(self._selector)

    def input_value(self):
        return self._page.input_value(self._selector)

    def count(self):
        return self._page.evaluate("(one) => document.querySelectorAll(one).length", self._selector)


DOWN = {"type": "pointerDown", "button": 0}
UP = {"type": "pointerUp", "button": 0}


class Mouse:
    """The mouse of the tab. Positions are in pixels from the top left corner of the viewport."""

    def __init__(self, session):
        self._session = session

    @staticmethod
    def to(origin, x=0, y=0):
        return {"type": "pointerMove", "origin": origin, "x": round(x), "y": round(y)}

    def do(self, *actions):
        mouse = {"type": "pointer", "id": "mouse", "actions": actions}
        self._session.post("/actions", actions=[mouse])

    def move(self, x, y):
        self.do(self.to("viewport", x, y))

    def click(self, x, y):
        self.do(self.to("viewport", x, y), DOWN, UP)

    def down(self):
        self.do(DOWN)

    def up(self):
        self.do(UP)
