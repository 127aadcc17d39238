"""What a person does on a page, and reads there, without Playwright's selectors.

In Chromium those have each document compile 300 kB of scripts first, which takes as long as loading
the page. Where a browser of another kind shows the page, Playwright's own are used.
"""

from __future__ import annotations

from playwright.sync_api import Error

from tests.eventually import eventually

from .waiting import IS_LEFT, is_chromium

# Where to press an element: in its middle, once it is there and no other element covers it.
PLACE = """selector => {
  const element = document.querySelector(selector);
  if (!element || element.disabled) return null;
  element.scrollIntoViewIfNeeded();
  const { left, top, width, height } = element.getBoundingClientRect();
  const [x, y] = [left + width / 2, top + height / 2];
  const hit = document.elementFromPoint(x, y);
  return element.contains(hit) ? [x, y] : null;
}"""
IS_SHOWN = """selector => {
  const { width, height } = document.querySelector(selector)?.getBoundingClientRect() ?? {};
  return width && height;
}"""

HAS_TEXT = "([selector, text]) => document.querySelector(selector)?.textContent.trim() === text"
HAVE_TEXTS = """([selector, texts]) => {
  const shown = Array.from(document.querySelectorAll(selector), (one) =>
    one.textContent.trim().replace(/\\s+/g, " "));
  return JSON.stringify(shown) === JSON.stringify(texts);
}"""
HAVE_COUNT = "([selector, count]) => document.querySelectorAll(selector).length === count"
HAS_VALUE = "([selector, value]) => document.querySelector(selector)?.value === value"
FOCUS = """selector => {
  const field = document.querySelector(selector);
  field?.focus();
  return field && document.activeElement === field;
}"""
# Selects what a field holds, once it is there.
SELECT = """selector => {
  const field = document.querySelector(selector);
  field?.focus();
  field?.select();
  return field && document.activeElement === field;
}"""

# Does what a choice from a list does: an option is chosen, and its field tells of it.
CHOOSE = """([selector, values]) => {
  const field = document.querySelector(selector);
  if (!field) return false;
  for (const one of field.options) one.selected = values.includes(one.value);
  for (const type of ["input", "change"]) field.dispatchEvent(new Event(type, { bubbles: true }));
  return true;
}"""


class Hands:
    """The part of a visitor that presses, types and reads. Selectors are those of CSS."""

    def click(self, selector):
        """Click an element, as soon as it can be clicked.

        It is not waited for a page to which the browser itself then navigates.
        """
        if is_chromium(self.page):
            self.page.mouse.click(*self._find(selector))
        else:
            self.page.click(selector, no_wait_after=True)

    def hover(self, selector):
        """Move the mouse onto an element, as soon as it could be clicked there."""
        if is_chromium(self.page):
            self.page.mouse.move(*self._find(selector))
        else:
            self.page.hover(selector)

    def fill(self, selector, text):
        """Type *text* into a field in place of what it holds."""
        if not is_chromium(self.page):
            self.page.fill(selector, text)
            return
        self.wait_for(SELECT, selector)
        if text:
            self.page.keyboard.insert_text(text)
        else:
            self.page.keyboard.press("Delete")

    def type(self, selector, text):
        """Type *text*, key by key, at the end of what a field holds."""
        self.focus(selector)
        self.page.keyboard.press("End")
        self.page.keyboard.type(text)

    def focus(self, selector):
        """Give an element the focus, once it is there."""
        self.wait_for(FOCUS, selector)

    def choose(self, selector, *values):
        """Choose from a list, in place of what was chosen."""
        if is_chromium(self.page):
            self.focus(selector)
            self.wait_for(CHOOSE, [selector, values])
        else:
            self.page.select_option(selector, list(values))

    def press(self, selector, key):
        """Press a key in a field."""
        self.focus(selector)
        self.page.keyboard.press(key)

    def wait_until_shown(self, selector):
        """Wait until the page shows an element."""
        if is_chromium(self.page):
            self.wait_for(IS_SHOWN, selector)
        else:
            self.page.wait_for_selector(selector)

    def wait_until_there(self, selector):
        """Wait until the page has an element, whether it is shown or not."""
        self.wait_for("selector => document.querySelector(selector)", selector)

    def wait_until_reads(self, selector, text):
        """Wait until an element has *text*, and no other."""
        self.wait_for(HAS_TEXT, [selector, text])

    def wait_until_all_read(self, selector, texts):
        """Wait until the elements that fit have *texts*, in order, and there are no others."""
        self.wait_for(HAVE_TEXTS, [selector, texts])

    def wait_for_count(self, selector, count):
        """Wait until so many elements fit."""
        self.wait_for(HAVE_COUNT, [selector, count])

    def wait_for_value(self, selector, value):
        """Wait until a field holds *value*, and nothing else."""
        self.wait_for(HAS_VALUE, [selector, value])

    def texts(self, selector):
        """Return the texts of all elements that fit."""
        return self.page.evaluate(
            "one => Array.from(document.querySelectorAll(one), (found) => found.textContent)",
            selector,
        )

    def text(self, selector):
        """Return the text that an element shows."""
        return self.page.evaluate("one => document.querySelector(one).innerText", selector)

    def value(self, selector):
        """Return what a field holds."""
        return self.page.evaluate("one => document.querySelector(one).value", selector)

    def count(self, selector):
        """Return how many elements fit."""
        return self.page.evaluate("one => document.querySelectorAll(one).length", selector)

    def _find(self, selector):
        """Wait until an element can be clicked, and return where."""

        def find():
            try:
                return self.page.evaluate(PLACE, selector)
            except Error as error:
                if not str(error).startswith(IS_LEFT):
                    raise
                return None

        return eventually(find, explain=lambda: selector)
