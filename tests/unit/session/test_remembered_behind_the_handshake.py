"""A user is remembered by a cookie that the browser got behind a socket's handshake.

The socket does not bring it, and so the app takes none away where a message logs the user out. The
browser still has it.
"""

import flask_login
import pytest
from cachelib import SimpleCache
from flask_session import Session

from flask_realtime.identity.keys import session_digest
from flask_realtime.session.forgotten_cookies import FORGOTTEN

from .remembered import remembering, stored, tells_of_it

WAYS = ["/logout", "/leave", "/renew"]


@pytest.fixture
def keeping(app):
    """The browser of a stranger, of an app whose server keeps the session."""
    app.config.update(SESSION_TYPE="cachelib", SESSION_CACHELIB=SimpleCache())
    Session(app)
    return remembering(app)


def socket_of_former_cookies(browser):
    """A socket that is open as its user begins to be remembered."""
    socket = browser.open_socket()
    browser.client.post("/login?remember=yes")
    return socket


def who(browser):
    return browser.client.get("/me").json["user"]


@pytest.mark.parametrize("path", WAYS)
def test_log_out_lasts_where_the_server_keeps_the_session(keeping, path):
    """Also where the tab never fetches what the message has changed."""
    socket_of_former_cookies(keeping).call(path, method="post")

    assert who(keeping) is None
    assert keeping.client.get_cookie("remember_token") is None


@pytest.mark.parametrize("path", ["/logout", "/leave"])
def test_log_out_lasts_where_the_session_is_in_its_cookie(app, path):
    """The page fetches what the message has changed, and the browser loses the cookie."""
    browser = remembering(app)
    browser.client.post("/login")
    socket_of_former_cookies(browser).call(path, method="post")

    browser.take_over()

    assert who(browser) is None
    assert browser.client.get_cookie("remember_token") is None


def test_log_out_lasts_where_another_tab_has_cleared_the_session_before_the_page_fetches_it(app):
    """Nothing of it reaches the browser but the deletion of the cookie."""
    browser = remembering(app)
    browser.client.post("/login")
    socket_of_former_cookies(browser).call("/logout", method="post")
    browser.process.registry.end_session(session_digest("secret", browser.key))
    browser.client.post("/clear")

    browser.take_over()

    assert who(browser) is None


@pytest.mark.parametrize("path", WAYS)
def test_cookie_of_another_user_in_the_handshake_hides_nothing(keeping, path):
    """The browser's user was another one then. It has one of the two cookies."""
    keeping.client.post("/login?remember=yes&user=43")
    socket_of_former_cookies(keeping).call(path, method="post")

    assert who(keeping) is None
    assert keeping.client.get_cookie("remember_token") is None


def test_log_in_by_a_message_hides_no_cookie_of_an_earlier_user(keeping):
    """The user 42 logs out and 43 in and out, by messages of a tab that dies."""
    socket = socket_of_former_cookies(keeping)
    for path in ("/logout", "/login?user=43", "/logout"):
        socket.call(path, method="post")

    assert who(keeping) is None


def test_message_that_lets_another_user_in_is_a_log_out_too(keeping):
    """When the other one's session is over, the browser is nobody's."""
    socket_of_former_cookies(keeping).call("/switch?user=43", method="post")

    assert who(keeping) == "43"
    assert keeping.client.get_cookie("remember_token") is None


def test_log_out_holds_under_the_next_secret_key(keeping):
    """The app's secret key is another one as the browser asks."""
    app = keeping.app
    socket_of_former_cookies(keeping).call("/logout", method="post")

    app.config.update(SECRET_KEY_FALLBACKS=[app.secret_key], SECRET_KEY="the next")
    with app.app_context():
        keeping.client.set_cookie("remember_token", flask_login.encode_cookie("42"))

    assert who(keeping) is None


def test_secret_key_of_any_letters_fails_no_log_out(request, app):
    """Flask-Login signs its cookies with letters of Latin-1 alone; who sets none needs them not."""
    app.secret_key = "пароль"
    keeping = request.getfixturevalue("keeping")
    keeping.client.post("/login")
    socket = keeping.open_socket()

    assert socket.call("/logout", method="post")["status"] == 200
    assert who(keeping) is None


def test_log_out_of_nobody_takes_no_cookie_away(keeping):
    """Somebody logs in right behind it, and is remembered."""
    keeping.open_socket().call("/logout", method="post")
    keeping.client.post("/login?remember=yes")

    keeping.take_over()

    keeping.client.delete_cookie("session")
    assert who(keeping) == "42"


def test_cookie_that_a_log_in_by_a_message_replaces_logs_nobody_in(keeping):
    """The tab dies before the browser has got the next one."""
    keeping.client.post("/login?remember=yes&user=43")
    socket = keeping.open_socket()
    for path in ("/login?remember=yes", "/logout"):
        socket.call(path, method="post")

    assert who(keeping) is None


@pytest.mark.parametrize("keeps", [True, False])
def test_session_that_is_cleared_is_the_remembered_users_again(request, app, keeps):
    """As by HTTP: the app has not said that this is a log-out."""
    browser = request.getfixturevalue("keeping") if keeps else remembering(app)
    socket_of_former_cookies(browser).call("/clear", method="post")
    browser.take_over()

    assert who(browser) == "42"


@pytest.mark.parametrize("path", WAYS)
@pytest.mark.parametrize("asked", ["user=42", "user=43", "user=42&stale"])
@pytest.mark.parametrize("is_fetched", [False, True])
@pytest.mark.parametrize("is_known", [False, True])
def test_next_log_in_by_http_is_remembered(keeping, path, asked, is_fetched, is_known):
    """Its cookie is the same as before, or another one. What waits takes it not away."""
    socket = socket_of_former_cookies(keeping)
    if is_known:
        socket = keeping.open_socket()
    socket.call(path, method="post")
    if is_fetched:
        keeping.take_over()

    keeping.client.post(f"/login?remember=yes&{asked}")
    keeping.take_over()

    assert FORGOTTEN not in stored(keeping)
    keeping.client.delete_cookie("session")
    assert f"user={who(keeping)}" in asked


@pytest.mark.parametrize("user", ["42", "43"])
@pytest.mark.parametrize("is_fetched", [False, True])
def test_next_log_in_by_a_message_is_remembered(keeping, user, is_fetched):
    """It reaches the browser with what waits."""
    socket = socket_of_former_cookies(keeping)
    socket.call("/logout", method="post")
    if is_fetched:
        keeping.take_over()

    socket.call(f"/login?remember=yes&user={user}", method="post")
    keeping.take_over()

    assert who(keeping) == user
    keeping.client.delete_cookie("session")
    assert who(keeping) == user


@pytest.mark.parametrize("behind", ["/clear", "/leave"])
def test_cookie_of_another_path_is_taken_away_where_the_session_is_emptied_behind_the_log_out(
    keeping, behind
):
    """What the page fetches brings no such cookie, and a session of nobody's, since the store holds
    nothing but the note any more."""
    keeping.app.config["REMEMBER_COOKIE_PATH"] = "/me"
    socket = socket_of_former_cookies(keeping)
    for path in ("/logout", behind):
        socket.call(path, method="post")

    keeping.take_over()

    assert who(keeping) is None


def test_log_out_by_http_takes_no_cookie_away_that_it_does_not_bring(keeping):
    """The browser sends it along where it has one."""
    keeping.client.post("/login")

    assert not tells_of_it(keeping.client.post("/logout"))
    assert FORGOTTEN not in stored(keeping)
