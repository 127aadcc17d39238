"""Requests with an id that their session, which the server keeps, has given up for another one."""

import re

import pytest
from cachelib import SimpleCache
from flask import Flask, jsonify, render_template_string, session
from flask_session import Session

from flask_realtime import Realtime
from flask_realtime.errors import RegistryUnavailable

OWN = {"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"}


@pytest.fixture
def app(plain_app, realtime):
    app = plain_app
    app.config.update(SESSION_TYPE="cachelib", SESSION_CACHELIB=SimpleCache())
    app.config["REALTIME_ALLOW_CALLS"] = True
    Session(app)
    realtime.init_app(app)
    realtime.identify(lambda: session.get("user"))

    @app.get("/")
    def show():
        return render_template_string("<head>{{ realtime_script() }}</head><body>hi</body>")

    @app.get("/plain")
    def show_plain():
        return "<body>hi</body>"

    @app.get("/room")
    def show_room():
        realtime.socket.subscribe("room:1")
        return "<body>hi</body>"

    @app.post("/user/<user>")
    def log_in(user):
        session["user"] = user
        return ""

    @app.post("/rotate")
    def rotate():
        app.session_interface.regenerate(session)
        return ""

    @app.post("/everywhere")
    def end_everywhere():
        realtime.socket.disconnect(everywhere=True)
        return ""

    @app.post("/everywhere-and-clear")
    def end_everywhere_and_clear():
        realtime.socket.disconnect(everywhere=True)
        session.clear()
        return ""

    @app.post("/everywhere-anew")
    def end_everywhere_and_begin_anew():
        cart = session.get("cart")
        session.clear()
        realtime.socket.disconnect(everywhere=True)
        session.update({"cart": cart} if cart else {})
        return ""

    @app.post("/slow")
    def be_slow():
        session["cart"] = [1]
        app.meanwhile()
        return ""

    @app.post("/slow-rotate")
    def rotate_slowly():
        app.meanwhile()
        return rotate()

    @app.get("/cart")
    def show_cart():
        return jsonify(session.get("cart"))

    @app.get("/me")
    def me():
        return {"user": session.get("user")}

    return app


def browser_of(app, copied=None):
    """A browser; with a copy of another's session cookie."""
    browser = app.test_client()
    if copied is not None:
        browser.set_cookie("session", copied.get_cookie("session").value)
    return browser


@pytest.fixture
def browser(app):
    """The browser of a user who has seen a page."""
    browser = browser_of(app)
    browser.post("/user/somebody")
    browser.get("/")
    return browser


def id_in(response):
    found = re.search(r'data-socket-connection-id="([^"]*)"', response.text)
    return found and found[1]


@pytest.mark.parametrize("way", ["/rotate", "/everywhere"])
@pytest.mark.parametrize("late", ["/", "/room"])
def test_page_with_a_given_up_id_replaces_no_cookie(app, browser, way, late):
    """The session gets another id while the browser loads a page. The page sets no cookie, has an
    empty id, and gets none before its browser has the other id."""
    tab = browser_of(app, browser)
    browser.post(way)

    page = tab.get(late)
    early = tab.post("/_realtime/session", headers={**OWN, "X-Realtime-Connection-Id": "new"})
    named = browser.post("/_realtime/session", headers={**OWN, "X-Realtime-Connection-Id": "new"})

    assert id_in(page) in (None, "")
    assert "Set-Cookie" not in page.headers
    assert (early.status_code, early.headers.get("Set-Cookie")) == (503, None)
    assert len(named.headers["X-Realtime-Connection-Id"]) > 15
    assert browser.get("/me").json["user"] == "somebody"


def test_visitor_of_a_session_that_has_expired_gets_a_session_and_an_id(app, browser):
    """The store does not hold the session any more, and the visitor is one like any other: the page
    has an id, whatever client opens its socket."""
    app.config["SESSION_CACHELIB"].clear()

    pages = [browser.get("/room") for _ in range(2)]

    assert all(len(id_in(page)) > 15 for page in pages)
    assert "Set-Cookie" in pages[0].headers


def test_id_that_names_nothing_is_no_given_up_one(app):
    """A request with an id that never named a session begins a session like any other."""
    stranger = browser_of(app)
    stranger.set_cookie("session", "made-up")

    assert len(id_in(stranger.get("/room"))) > 15


def test_page_of_who_may_have_another_id_waits_for_the_registry(app, browser, monkeypatch):
    """The registry cannot tell what has become of the id. The page replaces no cookie."""
    tab = browser_of(app, browser)
    app.config["SESSION_CACHELIB"].clear()
    registry = app.extensions["realtime"].node().registry

    def fail(*_):
        raise RegistryUnavailable("away")

    monkeypatch.setattr(registry, "has_ended", fail)

    assert "Set-Cookie" not in tab.get("/").headers


def test_request_under_way_does_not_write_the_session_back_under_its_former_id(app, browser):
    """A request writes into a session to which another request gives another id meanwhile. The
    browser keeps the other id, and the former one names nothing."""
    former = browser_of(app, browser)
    tab = browser_of(app, browser)
    app.meanwhile = lambda: browser.post("/rotate")

    answer = tab.post("/slow")

    assert "Set-Cookie" not in answer.headers
    assert former.get("/me").json["user"] is None
    assert browser.get("/me").json["user"] == "somebody"


def test_request_under_way_does_not_write_back_a_session_that_has_no_key_yet(app):
    """As above, before the first page of the library, in the session of a stranger."""
    browser = browser_of(app)
    app.meanwhile = lambda: None
    browser.post("/slow")
    former, tab = browser_of(app, browser), browser_of(app, browser)
    app.meanwhile = lambda: browser.post("/rotate")

    answer = tab.post("/slow")

    assert "Set-Cookie" not in answer.headers
    assert former.get("/cart").json is None
    assert browser.get("/cart").json == [1]


@pytest.mark.parametrize("has_key", [True, False])
def test_request_under_way_does_not_write_back_a_session_that_is_empty_since(app, has_key):
    """A log-out everywhere leaves nothing in the session, so that Flask-Session deletes it in place
    of giving it another id. A request that came before, maybe before the session had its key, does
    not write it back, and neither the browser nor who has a copy of its cookie is logged in."""
    browser = browser_of(app)
    app.meanwhile = lambda: None
    browser.post("/slow")
    former, tab = browser_of(app, browser), browser_of(app, browser)

    def log_out():
        if has_key:
            browser.get("/room")
        browser.post("/everywhere-and-clear")

    app.meanwhile = log_out

    answer = tab.post("/slow")

    assert "Set-Cookie" not in answer.headers
    assert [one.get("/cart").json for one in (former, tab, browser)] == [None] * 3


@pytest.mark.parametrize("way", ["/everywhere", "/everywhere-anew"])
@pytest.mark.parametrize("has_session", [True, False])
def test_session_without_a_key_gets_another_id_where_it_is_ended(app, way, has_session):
    """Somebody may have a copy of the cookie before the first page of the library. Who has no
    session gets none."""
    browser = browser_of(app)
    app.meanwhile = lambda: None
    if has_session:
        browser.post("/slow")
    thief = browser_of(app, browser if has_session else None)

    browser.post(way)

    assert bool(browser.get_cookie("session")) is has_session
    assert browser.get("/cart").json == ([1] if has_session else None)
    assert thief.get("/cart").json is None


def test_form_that_is_sent_twice_gives_the_browser_a_session_by_either_answer(app, browser):
    """Two clicks on a form give the session two other ids. Whichever answer the browser keeps, its
    user is logged in."""
    second = browser_of(app, browser)
    app.meanwhile = lambda: browser.post("/rotate")

    second.post("/slow-rotate")

    assert [one.get("/me").json["user"] for one in (browser, second)] == ["somebody"] * 2


def test_app_without_a_secret_key_logs_in_and_gives_ids_up_as_ever():
    """An app whose pages have no sockets, for want of a secret key, can have its sessions kept."""
    app = Flask(__name__)
    app.config.update(SESSION_TYPE="cachelib", SESSION_CACHELIB=SimpleCache())
    Session(app)
    Realtime(app).identify(lambda: session.get("user"))

    @app.post("/rotate")
    def rotate():
        session["user"] = 1
        app.session_interface.regenerate(session)
        return ""

    browser = app.test_client()

    assert [browser.post("/rotate").status_code for _ in range(2)] == [200, 200]
