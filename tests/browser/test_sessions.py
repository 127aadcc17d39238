"""Log-ins over the socket, which the next page sees."""

import pytest


@pytest.fixture(scope="package")
def sessions_server(start, tmp_path_factory):
    """A server of the same app below a prefix, with Flask-Session."""
    with start("/shop", SESSIONS=str(tmp_path_factory.mktemp("sessions"))) as server:
        yield server


@pytest.fixture(params=["cookies", "flask-session"])
def visitor(request, come):
    """Somebody on an app with Flask's cookie sessions, or with Flask-Session below a prefix."""
    if request.param == "cookies":
        return come(request.getfixturevalue("server").url)
    return come(request.getfixturevalue("sessions_server").url, "/shop")


def test_login_over_the_socket_is_seen_by_the_next_page(visitor):
    """Who navigates right after the reply is known there."""
    visitor.visit("/plain")

    with visitor.page.expect_navigation():
        visitor.run(
            """async (uri) => {
                const reply = await realtime.call(uri, { method: "post" });
                location = reply.headers.Location;
            }""",
            f"{visitor.prefix}/login/ada",
        )

    assert visitor.page.inner_text("h1") == "ada"


def test_login_survives_a_navigation_that_does_not_wait(visitor):
    """The page that comes next but one knows it at the latest: the hand-over is not cut off."""
    visitor.visit("/plain")
    visitor.run(f"void realtime.call('{visitor.prefix}/login/ada', {{ method: 'post' }})")
    visitor.wait_for_frame('"status": 302')

    visitor.visit("/plain")
    visitor.visit("/whoami")

    assert visitor.page.inner_text("h1") == "ada"


def test_remember_cookie_of_a_login_reaches_the_browser(visitor):
    """A log-in that is to outlive the session does."""
    visitor.visit("/plain")

    visitor.run(f"realtime.call('{visitor.prefix}/login/ada?remember', {{ method: 'post' }})")
    visitor.context.clear_cookies(name="session")
    visitor.visit("/whoami")

    assert visitor.page.inner_text("h1") == "ada"


def test_logout_over_the_socket_is_seen_by_the_next_page(visitor):
    """What a message takes from the session is gone from the browser's too."""
    visitor.visit("/login/ada")

    visitor.run(f"realtime.call('{visitor.prefix}/logout', {{ method: 'post' }})")
    visitor.visit("/whoami")

    assert visitor.page.inner_text("h1") == "nobody"
