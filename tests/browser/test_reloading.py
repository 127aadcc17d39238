"""A page whose content is out of date reloads, but does not lose entries or repeat a POST."""

import http.server
import threading

import pytest

from .chromium import LEAVE_AND_RETURN
from .kinds import READS_CONSOLE
from .test_staying import NETWORK

pytestmark = pytest.mark.shares_tabs

POST = """(url) => {
    const form = document.createElement("form");
    Object.assign(form, { method: "post", action: url });
    document.body.append(form);
    form.submit();
}"""


def post(person, path):
    """Open a page by sending a form."""
    person.visit("/plain")
    person.run(POST, person.url + path)
    person.page.wait_for_selector("h1:text-is('POST')")
    person.wait_until_open()


def lose(person, client):
    """Make Redis forget the page, and have the page reconnect."""
    client.flushall()
    person.run(LEAVE_AND_RETURN)


@pytest.fixture
def posts(ada):
    """The navigations of the browser: pairs of method and address."""
    found = []
    ada.page.on(
        "request",
        lambda asked: asked.is_navigation_request() and found.append((asked.method, asked.url)),
    )
    return found


def test_page_that_answered_a_post_does_not_post_again(ada, posts, redis_client, channel):
    """A page answered a POST, and its address takes nothing else. The page does not reload, and its
    state becomes "stale"."""
    post(ada, f"/posted/{channel}")
    posts.clear()

    with ada.page.expect_response(lambda response: response.request.method == "HEAD") as probed:
        lose(ada, redis_client)
    ada.wait_for_state("stale")

    assert probed.value.status == 405
    assert posts == []
    assert ada.run("events.map(([name]) => name).includes('lost')")
    ada.forgive("Failed to load resource: the server responded with a status of 405")


def test_page_that_answered_a_post_is_navigated_to(ada, posts, redis_client, channel):
    """A page answered a POST, and its address has a GET as well. The browser navigates there by
    GET."""
    post(ada, f"/asked-too/{channel}")
    posts.clear()

    lose(ada, redis_client)
    ada.page.wait_for_selector("h1:text-is('GET')")
    ada.wait_until_open()

    assert posts == [("GET", f"{ada.url}/asked-too/{channel}")]


def test_page_whose_address_has_json_as_well_is_loaded_anew(ada, redis_client, channel):
    """A view answers a client that takes anything with JSON, which is missing here (404). The page
    has lost messages and is loaded anew: its address has a page for a browser."""
    ada.visit(f"/either/{channel}")

    with ada.page.expect_navigation():
        lose(ada, redis_client)

    ada.wait_until_open()
    assert ada.page.inner_text("h1") == channel


def test_page_is_kept_until_its_address_answers(ada, redis_client, channel):
    """The page's address is answered with 502, 404 and 500. The page stays until the address is
    answered with success, and reloads then."""
    ada.visit(f"/on/{channel}")
    ada.run("window.left = true")
    troubles = [502, 404, 500]

    def answer(route):
        if route.request.method != "HEAD" or not troubles:
            return route.continue_()
        route.fulfill(status=troubles.pop(0), body="")

    ada.page.route(f"**/on/{channel}", answer)

    lose(ada, redis_client)
    ada.wait_for_state("stale")
    ada.wait_for("() => !window.left")
    ada.wait_until_open()

    assert troubles == []
    ada.forgive("Failed to load resource: the server responded with a status of")


def test_what_somebody_types_is_not_thrown_away(ada, redis_client, channel):
    """A person has typed into a field. The page is "stale" until the field is empty again, and
    reloads then."""
    ada.visit(f"/on/{channel}")
    ada.run("() => document.body.append(document.createElement('textarea'))")
    ada.page.locator("textarea").press_sequentially("hi")
    ada.run("window.left = true")

    lose(ada, redis_client)
    ada.wait_for_state("stale")
    ada.wait_for("() => events.some(([name]) => name === 'lost')")
    assert ada.page.input_value("textarea") == "hi"
    ada.run("() => (document.querySelector('textarea').value = '')")
    ada.wait_for("() => !window.left")

    ada.wait_until_open()


def test_page_out_of_a_cache_is_reloaded_once(ada, channel):
    """A service worker answers every reload with an old copy of the page, whose subscriptions have
    ended. The page reloads once, and is "stale" after that."""
    ada.visit(f"/on/{channel}")
    html = ada.run("(path) => fetch(path).then((response) => response.text())", f"/on/{channel}")
    ada.run("(path) => realtime.call(path, { method: 'post' })", f"/leave/{channel}")
    loads = []
    nonce = ada.run("document.querySelector('script').nonce")
    copy = html.replace(html.split('nonce="')[1].split('"')[0], nonce)
    policy = {"Content-Security-Policy": f"script-src 'nonce-{nonce}'"}

    def answer(route):
        if route.request.method == "GET":
            loads.append(route.request.url)
        route.fulfill(body=copy, content_type="text/html", headers=policy)

    ada.context.grant_permissions(["local-network-access"])  # needed by pages of another origin
    ada.page.route(f"**/on/{channel}", answer)
    # The server knows the page of the copy, which is subscribed to no channel.
    ada.page.goto(f"{ada.url}/on/{channel}")
    ada.run("(path) => realtime.call(path, { method: 'post' })", f"/leave/{channel}")
    loads.clear()

    ada.page.goto(f"{ada.url}/on/{channel}")
    ada.wait_for("() => performance.getEntriesByType('navigation')[0].type === 'reload'")
    ada.wait_for_state("stale")
    ada.wait_for("() => events.some(([name]) => name === 'lost')")

    assert len(loads) == 2


class Router(http.server.ThreadingHTTPServer):
    """A server in place of an app that restarts, which knows nothing of the app: a router, a
    maintenance page, or a hotel's network.

    :param port: of the app.
    :param status: which it answers.
    """

    def __init__(self, port, status):
        super().__init__(("127.0.0.1", port), Answer)
        self.status = status
        self.asked = threading.Event()

    def __enter__(self):
        self.thread = threading.Thread(target=self.serve_forever)
        self.thread.start()
        return self

    def __exit__(self, *exc_info):
        self.shutdown()
        self.thread.join()
        self.server_close()


class Answer(http.server.BaseHTTPRequestHandler):
    """The answer of a router to every request."""

    def answer(self):
        body = b"<h1>Welcome to the hotel</h1>"
        self.send_response(self.server.status)
        if self.server.status == 302:
            self.send_header("Location", "/door")
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
        if self.command == "POST" and self.path.endswith("/session"):
            self.server.asked.set()

    do_GET = do_HEAD = do_POST = answer

    def log_message(self, *args):
        pass


def test_router_that_answers_for_an_app_that_restarts_ends_no_page(come, start, publisher, channel):
    """While the app restarts, another server answers its address with 404, 403, 302 and 200. The
    page keeps trying, and continues without a reload once the app is back."""
    with start() as first:
        ada = come(first.url)
        ada.visit(f"/on/{channel}")
        ada.run("() => (Math.random = () => 0.05)")
        first.stop()
        for status in (404, 403, 302, 200):
            with Router(first.port, status) as router:
                ada.wait_until(router.asked.is_set)
            assert ada.run("realtime.state") in ("waiting", "connecting")
        publisher.push("meanwhile", channel)
        with start(port=first.port):
            ada.wait_until_heard("meanwhile")
            ada.wait_for_state("open")

            assert ada.run("events.map(([name]) => name)") == ["open", "close", "open"]
    ada.forgive(*NETWORK, "Failed to load resource: the server responded with a status of 40")


def test_page_whose_session_is_gone_reloads_and_goes_on(ada, publisher, channel):
    """A person's cookies were deleted. The page reloads once, which starts a new session, and
    receives pushes again."""
    ada.visit(f"/on/{channel}")
    ada.context.clear_cookies()

    with ada.page.expect_navigation():
        ada.run(LEAVE_AND_RETURN)
    ada.wait_until_open()
    publisher.push("after", channel)

    ada.wait_until_heard("after")
    ada.forgive(*NETWORK, "Failed to load resource: the server responded with a status of 403")


def test_page_whose_cookies_are_not_kept_reloads_twice(come, start, channel):
    """A browser keeps no cookie of the app. The page reloads twice, and then leads in the console
    to the log, which names the cookie."""
    with start(COOKIE_DOMAIN="elsewhere.example") as server:
        ada = come(server.url)
        ada.visit(f"/on/{channel}", is_open=False)

        ada.wait_for_state("closed")

        assert ada.run("performance.getEntriesByType('navigation')[0].type") == "reload"
        assert ada.run("events.at(-1)[1].reason") == "Refused"
    if READS_CONSOLE:
        assert [error for error in ada.errors if "see the app's log" in error]
    ada.forgive(*NETWORK, "realtime: see the app's log")
    ada.forgive("Failed to load resource: the server responded with a status of 403")
