"""A visitor logs in by a form that is sent over the socket, while other pages are open."""

import json

import pytest

from ..integration.serving import ServerProcess
from . import waiting
from .chromium import wait_until_open
from .conftest import APPS
from .hands import HAS_TEXT

pytestmark = pytest.mark.shares_tabs

# The client's own delays, with their jitter: until a reload, and until the next attempt of a
# socket.
LONGER_THAN_A_PAGE_WAITS = 2_500  # ms


@pytest.fixture(
    scope="module", params=["flask-login", pytest.param("session", marks=pytest.mark.long)]
)
def accounts(request, redis_url):
    environ = {
        "REALTIME_REDIS": json.dumps(redis_url),
        "REALTIME_REDIS_PREFIX": json.dumps("accounts"),
        "ACCOUNTS": request.param,
    }
    with ServerProcess("gevent", "accounts:app", workers=2, folder=APPS, **environ) as server:
        yield server


class Post:
    """Holds back a browser's requests to one address until the test lets them go."""

    def __init__(self, person, path="/_realtime/session"):
        self._person = person
        self._held = []
        self._is_held = True
        person.context.route(f"**{path}", self._take)

    def wait(self):
        """Wait until the browser makes the request."""
        self._person.wait_until(lambda: self._held)

    def deliver(self):
        """Hold the request for longer than a page waits by itself, then let it go."""
        self.wait()
        self._person.page.wait_for_timeout(LONGER_THAN_A_PAGE_WAITS)
        self._is_held = False
        for route in self._held:
            route.continue_()

    def _take(self, route):
        # By a HEAD request the client tries whether the page may be reloaded.
        if self._is_held and route.request.method != "HEAD":
            self._held.append(route)
        else:
            route.continue_()


@pytest.fixture
def ada(come, accounts):
    """A visitor who is not logged in, with a page of the app."""
    ada = come(accounts.url)
    ada.visit("/")
    assert name(ada.page) == "nobody"
    yield ada
    # A page that is interrupted while it reloads also loses its socket.
    ada.forgive("WebSocket connection to")


def name(page):
    return page.evaluate("document.querySelector('h1').textContent")


def wait_for(page, who):
    waiting.wait_for(page, HAS_TEXT, ["h1", who])
    wait_until_open(page)


def test_the_page_comes_back_logged_in(ada):
    """A visitor logs in. The page waits for its new cookies, even slow ones, and reloads as the
    logged-in user."""
    post = Post(ada)

    ada.click("#in-")
    post.deliver()

    wait_for(ada.page, "ada")
    assert ada.run("performance.getEntriesByType('navigation')[0].type") == "reload"


def test_the_browser_goes_where_the_log_in_leads(ada):
    """The log-in redirects to another page. The browser goes there, and the reload for the changed
    session does not interrupt it."""
    post = Post(ada, "/account")

    ada.click("#in-account")
    post.deliver()

    ada.page.wait_for_url("**/account")
    wait_for(ada.page, "ada")


@pytest.mark.parametrize("is_slow", [False, True])
def test_other_tabs_come_back_logged_in_too(ada, is_slow):
    """A visitor has two tabs and logs in on one of them. The other tab waits for the new cookies,
    and reloads as the logged-in user."""
    other = ada.context.new_page()
    other.goto(ada.url)
    wait_for(other, "nobody")
    post = Post(ada) if is_slow else None

    ada.click("#in-")
    if post:
        post.deliver()

    wait_for(ada.page, "ada")
    wait_for(other, "ada")


def test_all_tabs_come_back_logged_out(ada):
    """A visitor logs out over the socket of one tab. All tabs reload as logged out."""
    ada.click("#in-")
    wait_for(ada.page, "ada")
    other = ada.context.new_page()
    other.goto(ada.url)
    wait_for(other, "ada")
    post = Post(ada)

    ada.click("#out")
    post.deliver()

    wait_for(ada.page, "nobody")
    wait_for(other, "nobody")


def test_page_sends_nothing_in_the_name_of_another_user(ada):
    """Ada types on one tab, so that its page is not reloaded, and ben logs in on another tab. What
    the page of ada sends from then on is not handled as if ben had sent it."""
    ada.click("#in-")
    wait_for(ada.page, "ada")
    ada.run("document.body.append(document.createElement('input'))")
    ada.page.type("input", "ada's letter")

    ada.context.request.post(f"{ada.url}/log-in", form={"name": "ben"})

    ada.wait_for("() => realtime.state === 'stale'")
    sending = "realtime.send('who', {}, { timeout: 4000 })"
    assert ada.run(f"{sending}.catch((error) => error.name)") == "RealtimeTimeout"
