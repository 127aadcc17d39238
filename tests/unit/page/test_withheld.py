"""Requests that another site caused, for which a browser may not send its session cookie."""

from __future__ import annotations

import pytest
from flask import Flask, render_template_string, session

from flask_realtime import Realtime
from flask_realtime.page.withheld import is_session_withheld

ELSEWHERE = {"Sec-Fetch-Site": "cross-site"}
TAB = {"Sec-Fetch-Dest": "document"}
FRAME = {"Sec-Fetch-Dest": "iframe"}
POST = {"method": "POST"}
SCRIPTED = "<head>{{ realtime_script() }}</head><body>hi</body>"
ORIGIN = {"Origin": "http://localhost"}
ASKS = {**ORIGIN, "X-Realtime-Connection-Id": "new", "Sec-Fetch-Site": "same-origin"}
NEW = {"X-Realtime-Connection-Id": "new"}


def make_app(template=SCRIPTED, **settings):
    app = Flask(__name__)
    app.config.update(SECRET_KEY="secret", REALTIME_REGISTRY="memory", **settings)
    app.realtime = Realtime(app)

    @app.route("/", methods=["GET", "POST"])
    def show():
        app.realtime.socket.subscribe("news")
        return render_template_string(template)

    return app


def is_withheld(headers, method="GET", cookie=None, samesite=None):
    app = Flask(__name__)
    app.config.update(SECRET_KEY="secret", SESSION_COOKIE_SAMESITE=samesite)
    headers = {**headers, "Cookie": cookie} if cookie else headers
    with app.test_request_context("/", method=method, headers=headers):
        return is_session_withheld()


@pytest.mark.parametrize("site", ["same-origin", "same-site", "none"])
@pytest.mark.parametrize("samesite", [None, "Lax", "Strict"])
def test_request_of_the_own_site_shows_the_session_that_there_is(site, samesite):
    """A browser sends every cookie with requests of the app's own pages and typed addresses,
    whatever their other headers."""
    headers = {"Sec-Fetch-Site": site, "Origin": "https://elsewhere.example", **FRAME}

    assert not is_withheld(headers, "POST", samesite=samesite)


@pytest.mark.parametrize("samesite", [None, "Lax"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("where", [{}, TAB])
def test_link_from_elsewhere_brings_the_cookie_that_there_is(samesite, method, where):
    """With SameSite=Lax, which is the default, a link of another site sends the cookie, so a
    request without one has no session."""
    assert not is_withheld({**ELSEWHERE, **where}, method, samesite=samesite)


@pytest.mark.parametrize(
    ("method", "samesite", "where"),
    [
        ("POST", None, TAB),
        ("POST", "Lax", {}),
        ("PUT", "lax", TAB),
        ("GET", "Lax", FRAME),
        ("GET", None, {"Sec-Fetch-Dest": "frame"}),
        ("GET", None, {"Sec-Fetch-Dest": "embed"}),
        ("GET", "Strict", TAB),
        ("HEAD", "strict", TAB),
        ("POST", "Strict", {}),
    ],
)
def test_request_of_another_site_may_hide_a_session(method, samesite, where):
    """Forms and frames of another site, and with SameSite=Strict also links, send no cookie,
    although the browser may have one."""
    assert is_withheld({**ELSEWHERE, **where}, method, samesite=samesite)


@pytest.mark.parametrize("where", [TAB, FRAME])
def test_cookie_for_all_sites_is_never_kept_back(where):
    """With SameSite=None the cookie is sent from every site."""
    assert not is_withheld({**ELSEWHERE, **where}, "POST", samesite="None")


def test_request_with_a_session_cookie_keeps_nothing_back():
    """A request with the session cookie withholds nothing; a cookie of another name does not
    count."""
    assert not is_withheld(ELSEWHERE, "POST", "session=whatever")
    assert is_withheld(ELSEWHERE, "POST", "other=whatever")


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"Origin": "https://elsewhere.example"}, True),
        ({"Origin": "null"}, True),
        ({"Referer": "https://elsewhere.example/pay?x=1"}, True),
        ({"Referer": "https://elsewhere.example"}, True),
        ({"Referer": "about:blank"}, True),
        ({"Referer": "http://[::1"}, True),
        ({"Origin": "http://localhost"}, False),
        ({"Origin": "https://localhost"}, False),  # behind a proxy that ends TLS
        ({"Origin": "http://localhost", "Referer": "https://elsewhere.example/"}, False),
        ({"Referer": "http://localhost/form?x=1#y"}, False),
        ({"Referer": "http://localhost"}, False),
        ({}, False),
    ],
)
def test_older_browser_says_by_other_headers_where_a_request_comes_from(headers, expected):
    """Without TLS browsers send no Sec-Fetch-Site, so Origin and Referer decide."""
    assert is_withheld(headers, "POST") is expected


def test_page_from_elsewhere_begins_no_session_and_asks_for_its_id():
    """The answer to another site's form sets no session cookie, which would replace the visitor's.
    Its page asks for its id later."""
    app = make_app()
    client = app.test_client()

    response = client.open("/", headers=ELSEWHERE, **POST)

    assert "Set-Cookie" not in response.headers
    assert 'data-socket-connection-id=""' in response.text
    assert 'data-subscribed="true"' in response.text
    assert response.headers["Cache-Control"] == "private, no-cache"


@pytest.mark.parametrize("template", ["<body>hi</body>", "<body>{{ realtime_connection_id() }}"])
def test_page_from_elsewhere_without_our_script_gets_no_id(template):
    """A page without realtime_script() cannot ask for its id, and a new session would log the
    visitor out. The page gets neither."""
    response = make_app(template).test_client().open("/", headers=ELSEWHERE, **POST)

    assert "Set-Cookie" not in response.headers
    assert response.text.partition("{")[0] == template.partition("{")[0]


def test_page_from_elsewhere_leaves_no_subscription(monkeypatch):
    """What the view of such a page subscribes is dropped, since no page has that id."""
    app = make_app()
    registry = app.extensions["realtime"].node().registry
    monkeypatch.setattr(registry, "subscribe", lambda *args: pytest.fail("subscribed"))

    response = app.test_client().open("/", headers=ELSEWHERE, **POST)

    assert response.status_code == 200


def test_app_that_logs_in_by_a_foreign_form_keeps_its_session():
    """A SAML log-in comes by another site's form. The session that the app itself writes is
    sent."""
    app = make_app()
    app.realtime.identify(lambda: session.get("user"))

    @app.post("/acs")
    def log_in():
        session["user"] = "ada"
        return render_template_string(SCRIPTED)

    client = app.test_client()

    response = client.post("/acs", headers=ELSEWHERE)

    with client.session_transaction() as stored:
        assert stored["user"] == "ada"
    assert 'data-socket-connection-id=""' in response.text


@pytest.mark.parametrize("user", [None, "ada"])
def test_page_that_asks_is_given_an_id_of_the_session_that_there_is(user):
    """The page's request for its id sends the cookie. The page gets an id, and the channel of its
    user."""
    app = make_app()
    app.realtime.identify(lambda: session.get("user"))
    client = app.test_client()
    with client.session_transaction() as stored:
        stored.update({"socket_key": "the-socket-key"}, **({"user": user} if user else {}))

    response = client.post("/_realtime/session", headers=ASKS)

    named = {"X-Realtime-Connection-Id": response.headers["X-Realtime-Connection-Id"]}
    with app.test_request_context("/", headers={**named, "Cookie": cookie(client)}):
        channels = app.realtime.socket.channels
    assert response.status_code == 204
    assert "Set-Cookie" not in response.headers
    assert channels == ({"@user:ada"} if user else set())


def test_page_that_asks_without_a_session_begins_one():
    """The visitor had no session, so the request for an id starts one, which the page's socket
    needs."""
    app = make_app()
    client = app.test_client()

    response = client.post("/_realtime/session", headers=ASKS)

    assert len(response.headers["X-Realtime-Connection-Id"]) >= 16
    with client.session_transaction() as stored:
        assert list(stored) == ["socket_key"]


def test_page_that_asks_gets_another_id_each_time():
    """Two requests for an id get different ids."""
    client = make_app().test_client()

    asked = [client.post("/_realtime/session", headers=ASKS) for _ in range(2)]

    first, second = (response.headers["X-Realtime-Connection-Id"] for response in asked)
    assert first != second


@pytest.mark.parametrize(
    "headers",
    [{**NEW}, {**NEW, "Origin": "https://elsewhere.example"}, {**ASKS, **ELSEWHERE}],
)
def test_nobody_else_begins_a_session_by_asking(headers):
    """Another site's page that may open sockets asks for an id, which starts no session."""
    app = make_app(REALTIME_ALLOWED_ORIGINS=["https://friend.example"])

    response = app.test_client().post("/_realtime/session", headers=headers)

    assert response.status_code == 403
    assert "Set-Cookie" not in response.headers


def cookie(client):
    return "; ".join(f"{one.key}={one.value}" for one in client._cookies.values())
