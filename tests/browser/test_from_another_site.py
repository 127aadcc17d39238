"""A page that comes from another site, such as a bank's, leaves its visitor logged in.

127.0.0.1 and localhost are two sites, so a browser keeps cookies of the one back from what the
other makes it send.
"""

import http.server
import threading
import urllib.parse

import pytest
import requests

from tests.eventually import DEADLINE

BANK = """<!doctype html><link rel="icon" href="data:,">
<form id="pay" method="post" action="{to}"><button>pay</button></form>
<form id="ask" action="{to}"><button>ask</button></form>
<a id="back" href="{to}">back</a><iframe hidden name="other"></iframe>"""


@pytest.fixture(scope="module")
def bank():
    """The address of another site, which leads back to the address in its query."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            query = urllib.parse.urlsplit(self.path).query
            to = urllib.parse.parse_qs(query).get("to", [""])[0]
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(BANK.format(to=to).encode())

        def log_message(self, *args):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://localhost:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def lax(serve):
    with serve("visited", SAMESITE="Lax") as server:
        yield server.url


@pytest.fixture(scope="module")
def strict(serve):
    with serve("visited", SAMESITE="Strict") as server:
        yield server.url


def leave_for(person, bank, path, click):
    """Go to the bank's site, and come back to *path* by the element *click* of its page."""
    person.page.goto(f"{bank}/?to={person.url}{path}")
    person.page.click(click)
    person.page.wait_for_url(f"{person.url}{path}*")


def user_of(person):
    """Return the name that the next page of the app shows for the visitor."""
    person.visit("/")
    return person.page.inner_text("h1")


def push(person, path, text):
    assert requests.post(f"{person.url}{path}/{text}", timeout=DEADLINE).status_code == 204
    person.wait_until_heard(text)


def test_visitor_comes_back_from_a_payment_and_is_logged_in(come, lax, bank):
    """A bank's form posts to the app, without the session cookie. The page starts no new session,
    opens a socket of the visitor's own session, and learns that the messages of its view's channels
    are lost."""
    ada = come(lax)
    ada.visit("/login/ada")
    posted = []
    ada.page.on("request", lambda asked: asked.method == "POST" and posted.append(asked.url))

    leave_for(ada, bank, "/", "#pay button")
    ada.wait_until_open()

    assert ada.page.inner_text("h1") == "nobody"
    push(ada, "/push/ada", "paid")
    assert ada.run("lost") == 1
    assert posted == [f"{lax}/", f"{lax}/_realtime/session"]
    assert user_of(ada) == "ada"


def test_page_without_the_script_logs_nobody_out(come, lax, bank):
    """Another site posts to a page of the app without realtime_script(). The visitor stays logged
    in."""
    ada = come(lax)
    ada.visit("/login/ada")

    leave_for(ada, bank, "/plain", "#pay button")

    assert user_of(ada) == "ada"


def test_link_to_an_app_with_strict_cookies_logs_nobody_out(come, strict, bank):
    """The session cookie is SameSite=Strict, and a visitor follows a link in an e-mail or a search,
    which sends no cookie. The visitor stays logged in."""
    ada = come(strict)
    ada.visit("/login/ada")

    leave_for(ada, bank, "/", "#back")
    ada.wait_until_open()

    assert ada.page.inner_text("h1") == "nobody"
    push(ada, "/push/ada", "hi")
    assert ada.run("lost") == 1
    assert user_of(ada) == "ada"


def test_bank_in_a_frame_logs_nobody_out(come, lax, bank):
    """The bank in a frame leads back to the app within the frame. That request sends no cookie, and
    the visitor stays logged in."""
    ada = come(lax)
    ada.visit("/login/ada")
    ada.visit(f"/framing?address={bank}/?to={lax}/")
    frame = ada.page.frame("bank")

    frame.click("#ask button")
    frame.wait_for_url(f"{lax}/?")
    frame.wait_for_selector("body[data-realtime-state=open]")

    assert frame.inner_text("h1") == "nobody"
    assert user_of(ada) == "ada"


def test_page_in_a_frame_of_another_site_says_what_it_lacks(come, lax, bank):
    """A browser sends no cookies from a frame of another site. The page's state is "closed", and
    the console names the cookie settings that a frame needs."""
    ada = come(lax)
    ada.visit("/login/ada")
    ada.page.goto(f"{bank}/?to={lax}/")

    ada.run("document.querySelector('#ask').target = 'other'")
    ada.page.click("#ask button")
    hidden = ada.page.frame("other")
    hidden.wait_for_selector("body[data-realtime-state=closed]", state="attached")

    ours = [error for error in ada.errors if error.startswith("realtime:")]
    assert ours == ["realtime: see the app's log; a frame needs SameSite=None; Secure."]
    ada.errors.clear()
    ada.page.goto(lax)
    assert user_of(ada) == "ada"


@pytest.mark.parametrize("is_logged_in", [True, False])
def test_link_from_elsewhere_is_a_visit_like_any_other(come, lax, bank, is_logged_in):
    """With SameSite=Lax a link of another site sends the cookie, and a visitor without one is new.
    The page has its id at once, and receives the pushes of its view's channels."""
    ada = come(lax)
    if is_logged_in:
        ada.visit("/login/ada")
    asked = []
    ada.page.on("request", lambda one: "/_realtime/session" in one.url and asked.append(one))

    leave_for(ada, bank, "/", "#back")
    ada.wait_until_open()

    push(ada, "/news", "fresh")
    assert ada.page.inner_text("h1") == ("ada" if is_logged_in else "nobody")
    assert (ada.run("lost"), asked) == (0, [])


def test_first_visit_by_a_form_from_elsewhere_gets_a_socket(come, lax, bank):
    """A visitor without any session comes by another site's form. The page asks for its id, which
    starts a session, and opens its socket."""
    stranger = come(lax)

    leave_for(stranger, bank, "/", "#pay button")
    stranger.wait_until_open()
    before = stranger.context.cookies(lax)
    stranger.visit("/")

    push(stranger, "/news", "fresh")
    assert [one["value"] for one in before] == [
        one["value"] for one in stranger.context.cookies(lax)
    ]
