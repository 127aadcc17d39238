"""Tabs that visitors of several tests use, one after the other."""

from __future__ import annotations

import functools

from playwright.sync_api import Error

# Methods of Playwright's pages and contexts whose effect stays in a tab until it is closed.
LASTING = (
    "add_init_script",
    "emulate_media",
    "expose_binding",
    "expose_function",
    "grant_permissions",
    "new_cdp_session",
    "set_default_navigation_timeout",
    "set_default_timeout",
    "set_extra_http_headers",
    "set_geolocation",
    "set_viewport_size",
)
FORGET = """async () => {
  name = "";
  localStorage.clear();
  sessionStorage.clear();
  for (const one of await navigator.serviceWorker.getRegistrations()) await one.unregister();
}"""


class Tab:
    """The tab of a visitor in Chromium, which a later visitor may use if a test has changed nothing
    that stays in it.

    :param context: Playwright's context, which has no other visitor.
    :param page: the page of the tab.
    """

    def __init__(self, context, page):
        self._context = context
        self._page = page
        self._new_session = context.new_cdp_session
        self._is_changed = False
        for owner in (context, page):
            for name in LASTING:
                if hasattr(owner, name):
                    setattr(owner, name, self._noting(getattr(owner, name)))

    def renew(self):
        """Make the tab, and the cookies, those of a new visitor.

        :returns: whether Chromium could do it; if not, close the context.
        """
        if self._is_changed:
            return False
        try:
            self._context.set_offline(False)
            self._page.unroute_all()
            self._context.unroute_all()
            self._page.evaluate(FORGET)
            self._page.goto("about:blank")
            self._context.clear_cookies()
            self._protocol.send("Page.resetNavigationHistory")
            for other in self._context.pages:
                if other != self._page:
                    other.close()
        except Error:
            return False
        return True

    @functools.cached_property
    def _protocol(self):
        return self._new_session(self._page)

    def _noting(self, change):
        """Return a function that does what *change* does, and notes that the tab is changed."""

        @functools.wraps(change)
        def noting(*args, **kwargs):
            self._is_changed = True
            return change(*args, **kwargs)

        return noting
