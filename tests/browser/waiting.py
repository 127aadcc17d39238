"""Waits for something in a page of a visitor.

In Chromium, Playwright's own waits have each document compile 300 kB of scripts first: a third of
the processor time of a page that is loaded, and that waits for its socket.
"""

from __future__ import annotations

import time

from playwright.sync_api import Error, Page

from tests.eventually import DEADLINE

# Another page may be on its way, whose body, or what stands in there, has not come yet.
LOOK = """argument => {
  try {
    return (EXPRESSION)(argument);
  } catch (error) {
    if (document.readyState !== "loading") throw error;
  }
}"""
WAIT = """([argument, milliseconds]) => new Promise((resolve, reject) => {
  const isSo = LOOK;
  const end = Date.now() + milliseconds;
  const look = async () => {
    try {
      if (await isSo(argument)) resolve(true);
      else if (Date.now() > end) resolve(false);
      else setTimeout(look, 10);
    } catch (error) {
      reject(error);
    }
  };
  look();
})"""
# How an error begins of a page that another one has taken the place of meanwhile.
IS_LEFT = "Page.evaluate: Execution context was destroyed"


def is_chromium(page):
    """Return whether Playwright shows a page in Chromium."""
    return isinstance(page, Page) and page.context.browser.browser_type.name == "chromium"


def wait_for(page, expression, argument=None):
    """Wait until *expression*, the text of a function, returns something true in the page, or in
    one that the page is led to.

    :param argument: what the function is called with.
    """
    look = LOOK.replace("EXPRESSION", expression)
    if not is_chromium(page):
        page.wait_for_function(look, arg=argument)
        return
    end = time.monotonic() + DEADLINE
    while (seconds := end - time.monotonic()) > 0:
        try:
            found = page.evaluate(WAIT.replace("LOOK", look), [argument, 1000 * seconds])
        except Error as error:
            if not str(error).startswith(IS_LEFT):
                raise
        else:
            if found:
                return
    raise AssertionError(f"Not so within {DEADLINE:.0f} s: {expression}")
