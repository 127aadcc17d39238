"""After a log-in over the socket, the browser's next request is logged in."""

import pytest

from ..eventually import eventually
from . import kinds

pytestmark = pytest.mark.shares_tabs

NOTE_FETCH = """() => {
    const { fetch } = window;
    window.fetch = (...asked) => {
        window.isFetching = true;
        return fetch(...asked);
    };
}"""


@pytest.fixture(scope="package")
def sessions(tmp_path_factory):
    """The folder in which Flask-Session keeps sessions."""
    return tmp_path_factory.mktemp("sessions")


@pytest.fixture(scope="package")
def sessions_server(start, sessions):
    """A server of the same app under a URL prefix, with Flask-Session."""
    with start("/shop", SESSIONS=str(sessions)) as server:
        yield server


@pytest.fixture(params=["cookies", "flask-session"])
def visitor(request, come):
    """A visitor of the app: with Flask's cookie sessions, or with Flask-Session under a prefix."""
    if request.param == "cookies":
        return come(request.getfixturevalue("server").url)
    return come(request.getfixturevalue("sessions_server").url, "/shop")


def test_login_over_the_socket_is_seen_by_the_next_page(visitor):
    """A person logs in over the socket, and loads a page right after the reply. The page shows the
    user."""
    visitor.visit("/plain")

    with visitor.page.expect_navigation():
        # The call is not awaited, because its page is gone after the navigation.
        visitor.run(
            """(uri) => void realtime.call(uri, { method: "post" }).then((reply) => {
                location = reply.headers.Location;
            })""",
            f"{visitor.prefix}/login/ada",
        )

    assert visitor.text("h1") == "ada"


def test_login_survives_a_navigation_that_does_not_wait(visitor):
    """A person logs in over the socket and leaves the page while its cookies are being fetched. The
    next page shows the user."""
    # Flask-Login marks a stranger's session at the second request. A page that does so later, and
    # is asked for before the browser has the fetched cookies, would set a cookie in their place.
    visitor.visit("/whoami")
    visitor.visit("/whoami")
    visitor.visit("/plain")
    # A browser that is busy may end a page before its scripts have heard of the reply.
    visitor.run(NOTE_FETCH)
    visitor.run(f"void realtime.call('{visitor.prefix}/login/ada', {{ method: 'post' }})")
    visitor.wait_for("() => window.isFetching")

    visitor.page.goto("about:blank")

    eventually(lambda: is_shown_as(visitor, "ada"))


def is_shown_as(visitor, name):
    visitor.visit("/whoami")
    return visitor.text("h1") == name


@kinds.not_in("webkit", "its driver has one tab")
def test_page_is_loaded_anew_at_its_first_call_if_the_browser_has_kept_another_session(visitor):
    """A stranger opens two tabs at once: each answer begins a session, and the browser keeps that
    of the later. A log-in by a call of the other tab never reaches the browser. The page says so,
    and is loaded anew, though it hears nothing; a log-in stays then."""
    visitor.visit("/plain")
    # As if the next request had been sent before this page was answered.
    visitor.context.clear_cookies()
    later = visitor.context.new_page()
    later.goto(f"{visitor.url}/plain")
    log_in = f"realtime.call('{visitor.prefix}/login/ada', {{ method: 'post' }})"
    visitor.run("addEventListener('realtime:identity', () => (sessionStorage.isTold = true))")

    with visitor.page.expect_navigation():
        visitor.run(f"void {log_in}")

    visitor.wait_until_open()
    assert visitor.run("sessionStorage.isTold") == "true"
    visitor.run(f"{log_in}.then(() => {{}})")
    assert is_shown_as(visitor, "ada")


def test_remember_cookie_of_a_login_reaches_the_browser(visitor):
    """A log-in over the socket sets a "remember me" cookie, which the browser keeps beyond the
    session."""
    visitor.visit("/plain")

    visitor.run(f"realtime.call('{visitor.prefix}/login/ada?remember', {{ method: 'post' }})")
    # On a page, a socket would try to open without the session.
    visitor.page.goto(f"{visitor.url}/_realtime/static/realtime.js")
    visitor.context.clear_cookies(name="session")
    visitor.visit("/whoami")

    assert visitor.text("h1") == "ada"


@pytest.mark.parametrize("query", ["", "?everywhere"])
def test_logout_over_the_socket_is_seen_by_the_next_page(visitor, query):
    """A person logs out over the socket, which closes that socket. The next page shows no user."""
    visitor.visit("/login/ada")
    assert visitor.text("h1") == "ada"

    reply = visitor.run(f"realtime.call('{visitor.prefix}/logout{query}', {{ method: 'post' }})")
    visitor.visit("/whoami")

    assert reply["status"] == 204
    assert visitor.text("h1") == "nobody"


@pytest.fixture
def hasty(start, come):
    """A visitor of an app that takes an answer for late which comes a second behind a log-out."""
    with start(LATE="1") as server:
        visitor = come(server.url)
        visitor.visit("/login/ada")
        yield visitor


def test_log_out_of_a_tab_that_dies_is_made_by_the_next_page(hasty):
    """A person logs out over the socket, and the tab dies before it has fetched the change: the
    browser still has the session that has ended. The next page is loaded anew until it shows no
    user, and has a socket."""
    hasty.run("(window.fetch = () => new Promise(() => {}), 0)")
    hasty.run("void realtime.call('/logout?everywhere', { method: 'post' })")
    hasty.wait_for("() => realtime.state === 'closed'")
    hasty.page.goto("about:blank")

    hasty.page.goto(f"{hasty.url}/whoami")

    hasty.wait_for("() => document.querySelector('h1')?.textContent === 'nobody'")
    hasty.wait_until_open()
    # The socket may come again before the page is loaded anew, and the browser has no session then.
    hasty.forgive("WebSocket connection to")


@pytest.fixture
def kept(come, sessions_server):
    """A visitor of the app with Flask-Session, who has logged in and looks at a page."""
    visitor = come(sessions_server.url, "/shop")
    visitor.visit("/login/ada")
    assert visitor.text("h1") == "ada"
    return visitor


def test_page_is_loaded_anew_where_its_session_is_deleted_from_the_store(kept, sessions):
    """An operator signs the visitor out by deleting the session. As soon as the page calls a route,
    it is loaded anew, and shows no user."""
    for one in sessions.iterdir():
        one.unlink()

    with kept.page.expect_navigation():
        kept.run(f"void realtime.call('{kept.prefix}/whoami').catch(() => 0)")

    assert kept.text("h1") == "nobody"
    # The handshakes that were refused before, and the request by which the page asked why.
    kept.forgive("WebSocket connection to", "Failed to load resource: the server responded")


def test_page_goes_on_where_its_session_has_got_another_id(kept):
    """Another tab gives the session another id. The page's socket opens again with the cookie of
    now, a call is made then, and what was written on the page stays."""
    kept.run("document.body.dataset.written = 'long ago'")
    kept.run(f"fetch('{kept.prefix}/rotate', {{ method: 'POST' }})")

    reply = kept.run(f"realtime.call('{kept.prefix}/whoami')")

    assert "<h1>ada</h1>" in reply["body"]
    assert kept.run("document.body.dataset.written") == "long ago"
    assert kept.run("realtime.state") == "open"


@pytest.mark.keeps_pages
def test_back_button_leaves_no_page_of_before_the_log_out(visitor, channel):
    """A user logs out on the next page, and the back button shows the page of before, as the
    browser has kept it. The page is loaded anew, since it was rendered for the user."""
    visitor.visit("/login/ada")
    visitor.visit(f"/on/{channel}")
    visitor.run(
        """() => {
            window.isTheSame = true;
            addEventListener("pageshow", ({ persisted }) => {
                sessionStorage.wasKept = persisted;
            });
        }"""
    )
    visitor.page.click("#next")
    visitor.wait_until_open()
    visitor.run(
        "(path) => realtime.fetch(path, { method: 'POST' }).then(() => {})",
        f"{visitor.prefix}/logout?everywhere",
    )

    visitor.page.go_back(wait_until="commit")
    visitor.wait_for("() => document.querySelector('h1') && !window.isTheSame")
    visitor.wait_until_open()

    assert visitor.text("h1") == channel
    if kinds.NAME == "chromium":
        assert visitor.run("sessionStorage.wasKept") == "true"
    visitor.forgive("WebSocket connection to", "Failed to load resource")
