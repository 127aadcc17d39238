"""Habits of real apps, on each server with each registry that it may be used with."""

import re

import pytest
import requests
from websockets.exceptions import InvalidStatus

from tests.eventually import DEADLINE, eventually

from .browsers import Browser, connection_id
from .conftest import KINDS, ON_TWO_SERVERS, secrets_in, unexpected_tracebacks
from .serving import ServerProcess

# With Redis each server's own paths are moved, with memory they are the usual ones.
PREFIXES = {"memory": "/_realtime", "redis": "/app/_realtime"}


@pytest.fixture(scope="module", params=KINDS, ids="-".join)
def server(request, settings, tmp_path_factory):
    """A running server of the app; gunicorn has two workers where Redis is the registry."""
    kind, registry = request.param
    workers = 2 if registry == "redis" and kind in ("gevent", "gthread") else 1
    moved = {"URL_PREFIX": PREFIXES[registry]} if registry == "redis" else {}
    sessions = str(tmp_path_factory.mktemp("sessions"))
    environ = {**settings(registry, **moved), "SESSIONS": sessions}
    with ServerProcess(kind, "everyday:app", workers=workers, **environ) as server:
        server.registry = registry
        yield server
        log = server.log()
    assert unexpected_tracebacks(log) == []
    assert secrets_in(log) == []


def take_over(browser, page, **headers):
    """Do what the client does when a reply says that a session change waits."""
    headers = {"Origin": browser.url, "X-Realtime-Connection-Id": page, **headers}
    address = f"{browser.url}{browser.prefix}/session"
    return browser.http.post(address, headers=headers, timeout=DEADLINE)


def expiry_of(browser):
    return next(one.expires for one in browser.http.cookies if one.name == "session")


@pytest.mark.parametrize("data", ["text", {"id": 17, "action": "delete"}, [1, None], 0, None])
@ON_TWO_SERVERS
def test_handler_gets_what_the_page_sends_whatever_its_keys(browser, data):
    """The page sends a record with an id of its own, which the handler gets."""
    with browser.open(browser.page("/on/a")) as socket:
        reply = socket.ask("repeat", data=data)

    assert reply["body"] == {"data": data, "endpoint": "realtime.message.repeat"}


@ON_TWO_SERVERS
def test_plain_client_may_send_its_fields_beside_the_action(browser):
    """A client without our library sends its fields at the top level. The handler gets them without
    the id and the action."""
    with browser.open(browser.page("/on/a")) as socket:
        reply = socket.ask("repeat", text="hi", room=1)
        other = socket.ask("other")

    assert reply["body"]["data"] == {"text": "hi", "room": 1}
    assert other["body"] == "realtime.message.other"


def test_session_slides_over_a_socket(browser):
    """A visitor uses only the socket. The session, which the app renews with each request, does not
    expire."""
    page = browser.page("/on/a")
    before = expiry_of(browser)
    with browser.open(page) as socket:

        def is_renewed():
            if socket.call("/user").get("session"):
                assert take_over(browser, page).status_code == 204
            return expiry_of(browser) > before

        eventually(is_renewed)


def test_log_in_over_a_socket_that_gives_the_session_another_id_arrives(browser):
    """A log-in over a socket gives the server's session another id. The browser comes with the
    former id and gets the new one."""
    page = browser.page("/on/a")
    with browser.open(page) as socket:
        reply = socket.call("/log-in/ada", method="post")
        response = take_over(browser, page)

    assert (reply["status"], bool(reply["session"])) == (204, True)
    assert response.status_code == 204
    assert browser.get("/user").text == "ada"


def test_page_whose_key_is_gone_is_told_so_by_the_app_itself(browser):
    """A slow response to another tab has removed the page's key from the session. The page is
    refused with the header that marks the app's own refusals, and reloads."""
    page = browser.page("/on/a")
    browser.http.cookies.clear()
    browser.post("/theme/dark")

    with pytest.raises(InvalidStatus) as refused:
        browser.open(page)
    asked = take_over(browser, page)
    with browser.open(browser.page("/on/a")) as again:
        who = again.call("/user")["body"]

    assert refused.value.response.status_code == 403
    assert (asked.status_code, asked.headers["X-Realtime-Refused"]) == (403, "session")
    assert who == "nobody"


def test_each_socket_of_a_session_is_answered(browser):
    """The app's session interface reads g. It works for each socket of a session."""
    with browser.open(browser.page("/on/a")) as first, browser.open(browser.page("/on/b")) as other:
        replies = [socket.call("/user") for socket in (first, other, first, other)]

    assert [reply["status"] for reply in replies] == [200] * 4


def test_call_has_nothing_of_the_handshakes_middlewares(browser):
    """A middleware began a trace for the handshake. A call does not see that trace, and its page is
    the socket's."""
    by_http = browser.get("/circumstances").json()["names"]
    with browser.open(browser.page("/on/a"), origin=browser.url) as socket:
        reply = socket.call("/circumstances", referrer=f"{browser.url}/on/a?x=1")["body"]
        foreign = socket.call("/circumstances", referrer="https://elsewhere.example/")["body"]

    assert "trace.began" in by_http
    # Werkzeug sets the last one for the call itself.
    assert {name.partition(".")[0] for name in reply["names"]} == {"wsgi", "werkzeug"}
    assert reply["referrer"] == f"{browser.url}/on/a?x=1"
    assert foreign["referrer"] == f"{browser.url}/"


FORWARDED = {
    "X-Forwarded-For": "203.0.113.9",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Host": "shop.example:8443",
    "X-Forwarded-Prefix": "/app",
}


@pytest.mark.parametrize("forwarded", [{}, FORWARDED], ids=["direct", "proxied"])
def test_call_finds_what_the_same_request_finds_by_http(browser, forwarded):
    """A call sees the same client, address and URLs as the HTTP request, behind a proxy too."""
    query = "?q=a%20b+c&%C3%BC=%2F%26&q=&x=1%2B1"
    agent = {"User-Agent": "Browser/1.0", "Accept-Language": "de-CH, en;q=0.5"}
    sent = {**forwarded, **agent}
    page = browser.page("/on/a")
    by_http = browser.get(f"/circumstances{query}", headers=sent).json()
    prefix = forwarded.get("X-Forwarded-Prefix", "")
    with browser.open(page, headers=sent) as socket:
        by_call = socket.call(f"{prefix}/circumstances{query}")["body"]

    for told in (by_http, by_call):
        # Other tests cover what middleware and Werkzeug have added.
        del told["names"], told["referrer"]
    assert by_call == by_http
    if forwarded:
        assert by_call["external"] == "https://shop.example:8443/app/circumstances?q=%C3%BC"


def test_call_of_a_file_that_the_proxy_sends_is_left_to_http(browser):
    """A view leaves its file to the proxy (X-Sendfile). The call is refused, and does not reveal
    the file's path."""
    with browser.open(browser.page("/on/a")) as socket:
        reply, head = socket.call("/file"), socket.call("/file", method="head")

    assert (reply["status"], head["status"]) == (502, 200)
    assert "HTTP" in reply["body"]
    assert "/private" not in str([reply, head])


def test_handshake_at_an_empty_path_is_one(browser, channel):
    """A middleware strips the whole path, and the handshake is still accepted."""
    page = browser.page(f"/on/{channel}")
    with browser.open(page, url=f"{browser.url}/proxied") as socket:
        browser.post(f"/push/{channel}/hi")

        assert socket.push()["payload"] == "hi"


def test_own_paths_stand_below_the_prefix_alone(browser):
    """An app under a prefix that no proxy strips moves the extension's paths under it."""
    html = browser.get("/on/a").text
    script = re.search(r'src="([^"]+/realtime\.js[^"]*)"', html)[1]
    loaded = browser.get(script)
    elsewhere = script.replace(browser.prefix, "/elsewhere")

    assert script.startswith(f"{browser.prefix}/static/")
    assert loaded.headers["Content-Type"].startswith("text/javascript")
    assert ("data-url-prefix" in html) == (browser.prefix != "/_realtime")
    for path in (elsewhere, elsewhere.replace("/elsewhere", "/_realtime/of")):
        assert requests.get(browser.url + path, timeout=DEADLINE).status_code == 404


@pytest.mark.parametrize("path", ["/stated", "/nowhere"])
@ON_TWO_SERVERS
def test_page_without_use_for_an_id_is_left_as_it_is(browser, path):
    """A page that may be cached, or that uses nothing of the extension, sets no cookie."""
    response = requests.get(browser.url + path, timeout=DEADLINE)

    assert "Set-Cookie" not in response.headers
    assert "private" not in response.headers.get("Cache-Control", "")
    assert "data-socket-connection-id" not in response.text


def test_page_from_a_cache_of_views_does_not_claim_to_be_subscribed(server, channel):
    """A cached page would make its client reload for ever. It does not claim to be subscribed, and
    a warning names the view."""

    def get():
        """Return the page that a new visitor gets; with two workers each has a cache of its own."""
        return requests.get(f"{server.url}/cached/{channel}", timeout=DEADLINE).text

    pages = [get(), *eventually(lambda: [page for page in [get()] if "subscribed" not in page])]

    assert 'data-subscribed="true"' in pages[0]
    assert connection_id(pages[0]) != connection_id(pages[1])
    eventually(lambda: "came from a cache" in server.log() and "'cached'" in server.log())


def test_client_that_has_left_is_no_error(browser, channel):
    """A job pushes its progress to the page that started it, which may have closed."""
    named = {"X-Realtime-Connection-Id": browser.page(f"/on/{channel}")}
    with browser.open(named["X-Realtime-Connection-Id"]) as socket:
        digest = browser.get("/digest", headers=named).text
        browser.post(f"/push-to/{digest}/{channel}")
        assert socket.push()["payload"] == "still there?"
        browser.post(f"/leave/{channel}", headers=named)
        browser.post(f"/push-to/{digest}/{channel}")

    assert browser.post(f"/push-to/{digest}/{channel}").status_code == 204


def test_form_of_another_site_replaces_no_session(browser, channel):
    """Another site's form brings no cookie. Its page asks for an id with the cookie, and then has a
    socket."""
    browser.post("/log-in/ada")
    headers = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    foreign = requests.post(f"{browser.url}/on/{channel}", headers=headers, timeout=DEADLINE)

    asked = take_over(browser, "new", **{"Sec-Fetch-Site": "same-origin"})
    page = asked.headers["X-Realtime-Connection-Id"]
    with browser.open(page) as socket:
        who = socket.call("/user")["body"]
        socket.call(f"/on/{channel}")
        browser.post(f"/push/{channel}/hi")
        heard = socket.push()["payload"]

    assert 'data-socket-connection-id=""' in foreign.text
    assert (asked.status_code, who, heard) == (204, "ada", "hi")


def test_process_says_which_registry_and_server_it_has(server):
    """One log line names the registry and the server, which helps if REALTIME_REDIS was
    forgotten."""
    requests.get(f"{server.url}/on/a", timeout=DEADLINE)

    line = eventually(lambda: re.search(r"Registry: (.*)\. Server: (.*)\.", server.log()))
    assert server.registry in line[1].lower()
    assert {"dev": "Werkzeug", "dev-debug": "Werkzeug", "pywsgi": "gevent"}.get(
        server.kind, "gunicorn"
    ) in line[2]


def test_swapped_message_and_channel_give_a_hint_in_debug_mode(browser, server, channel):
    """In debug mode one log line says that message and channel look swapped."""
    with browser.open(browser.page(f"/on/{channel}")) as socket:
        socket.settle()
        for _ in range(2):
            browser.post(f"/push/hello/{channel}")
        browser.post(f"/push/{channel}/end")
        assert socket.push()["payload"] == "end"

    hints = [
        line
        for line in server.log().splitlines()
        if channel in line and "are the two swapped?" in line
    ]
    assert len(hints) == (1 if server.kind == "dev-debug" else 0), hints


@pytest.fixture
def browser(server):
    browser = Browser(server.url)
    browser.prefix = PREFIXES[server.registry]
    return browser
