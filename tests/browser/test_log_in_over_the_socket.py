"""A form with data-realtime logs in over the socket: what becomes of the pages that are open."""

import json

import pytest

from ..integration.serving import ServerProcess
from .chromium import wait_until_open
from .conftest import APPS

# The pages' own delays, with their jitter: until a reload, and until the socket's next attempt.
LONGER_THAN_A_PAGE_WAITS = 2_500  # ms


@pytest.fixture(scope="module", params=["flask-login", "session"])
def accounts(request, redis_url):
    environ = {
        "REALTIME_REDIS": json.dumps(redis_url),
        "REALTIME_REDIS_PREFIX": json.dumps("accounts"),
        "ACCOUNTS": request.param,
    }
    with ServerProcess("gevent", "accounts:app", workers=2, folder=APPS, **environ) as server:
        yield server


class Post:
    """Holds what a person's browser asks an address for until it is let go."""

    def __init__(self, person, path="/_realtime/session"):
        self._person = person
        self._held = []
        self._is_held = True
        person.context.route(f"**{path}", self._take)

    def deliver(self):
        """Hold it for longer than a page waits that does not wait for it; then let it go."""
        self._person.wait_until(lambda: self._held)
        self._person.page.wait_for_timeout(LONGER_THAN_A_PAGE_WAITS)
        self._is_held = False
        for route in self._held:
            route.continue_()

    def _take(self, route):
        if self._is_held:
            self._held.append(route)
        else:
            route.continue_()


@pytest.fixture
def ada(come, accounts):
    """Somebody with a page of whom nobody knows who she is."""
    ada = come(accounts.url)
    ada.visit("/")
    assert name(ada.page) == "nobody"
    yield ada
    # A page that is cut off while it reloads has its socket cut off too.
    ada.forgive("WebSocket connection to")


def name(page):
    return page.inner_text("h1")


def wait_for(page, who):
    page.wait_for_selector(f"h1:text-is('{who}')")
    wait_until_open(page)


def test_the_page_comes_back_logged_in(ada):
    """It reloads once its cookies have come, however slow they are, and its socket is known."""
    post = Post(ada)

    ada.page.click("#in-")
    post.deliver()

    wait_for(ada.page, "ada")
    assert ada.run("performance.getEntriesByType('navigation')[0].type") == "reload"


def test_the_browser_goes_where_the_log_in_leads(ada):
    """The reload of a page whose session has changed does not call that off."""
    post = Post(ada, "/account")

    ada.page.click("#in-account", no_wait_after=True)
    post.deliver()

    ada.page.wait_for_url("**/account")
    wait_for(ada.page, "ada")


@pytest.mark.parametrize("is_slow", [False, True])
def test_other_tabs_come_back_logged_in_too(ada, is_slow):
    """They wait for the cookies that the tab with the form fetches."""
    other = ada.context.new_page()
    other.goto(ada.url)
    wait_for(other, "nobody")
    post = Post(ada) if is_slow else None

    ada.page.click("#in-")
    if post:
        post.deliver()

    wait_for(ada.page, "ada")
    wait_for(other, "ada")


def test_all_tabs_come_back_logged_out(ada):
    """A log-out over the socket is that of the whole browser."""
    ada.page.click("#in-")
    wait_for(ada.page, "ada")
    other = ada.context.new_page()
    other.goto(ada.url)
    wait_for(other, "ada")
    post = Post(ada)

    ada.page.click("#out")
    post.deliver()

    wait_for(ada.page, "nobody")
    wait_for(other, "nobody")
