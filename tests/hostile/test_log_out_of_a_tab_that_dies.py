"""A tab dies between the reply to a log-out by a call and its fetch of what the call has changed.

The server keeps the session, and the browser still has the cookie by which Flask-Login remembers
the user.
"""

import pytest

from .people import Person, assert_page_lives

WAYS = ["/logout", "/leave", "/renew"]
SAYS_NOTHING = {"SAYS_NOTHING": "1"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Where the app keeps sessions."""
    return str(tmp_path_factory.mktemp("sessions"))


@pytest.fixture(
    params=[
        pytest.param(("memory", {}), id="memory-identify"),
        pytest.param(("redis", SAYS_NOTHING), id="redis-says_nothing"),
        pytest.param(("memory", SAYS_NOTHING), id="memory-says_nothing", marks=pytest.mark.long),
        pytest.param(("redis", {}), id="redis-identify", marks=pytest.mark.long),
    ]
)
def kind(request):
    """The registry of the app, and what it has in its environment."""
    return request.param


@pytest.fixture
def says(kind):
    """Of an app that tells its users, or does not."""
    return kind[1]


@pytest.fixture
def person(share, kind, folder):
    """A user who is remembered, of an app in one process, or in two that share a Redis."""
    registry, says = kind
    settings = {"workers": 2, "REDIS_PREFIX": "dies"} if registry == "redis" else {}
    environ = {"SESSIONS": folder, **says}
    person = Person(share("logins:app", registry=registry, environ=environ, **settings).url)
    person.log_in_to_stay()
    return person


def log_out_and_die(person, path, others=0):
    """Log out by a call of a page that never fetches what the call has changed.

    :param others: how many further pages are open, whose connection ids are returned.
    """
    pages = [person.show("/news") for _ in range(others)]
    with person.open(person.show("/news")) as socket:
        socket.call(path, method="post")
    return pages


@pytest.mark.parametrize("path", WAYS)
def test_user_stays_logged_out(person, path):
    """The next request is nobody's, and its answer takes the cookie away. Pages that are loaded
    then live."""
    log_out_and_die(person, path)

    assert person.me()["user"] is None
    assert "remember_token" not in person.http.cookies
    if path != "/renew":
        assert_page_lives(person)


@pytest.mark.parametrize("behind", ["/clear", "/renew", "/me"])
def test_later_call_of_the_tab_undoes_no_log_out(person, behind, says):
    """The tab makes another call before it dies, which empties the session, say, or gives it
    another id. Its socket brings the cookie no more, and the browser still does."""
    if not says:
        pytest.skip("The socket is closed behind the log-out.")
    with person.open(person.show("/news")) as socket:
        socket.call("/logout", method="post")
        socket.call(behind, method="get" if behind == "/me" else "post")

    assert person.me()["user"] is None
    assert "remember_token" not in person.http.cookies


@pytest.mark.parametrize("path", WAYS)
def test_cookie_that_the_socket_does_not_know_logs_nobody_in(person, path, says):
    """Another user logs in, and is remembered, while the page's socket is open. An app that tells
    no users has the socket stay, with the former user's cookie."""
    if not says:
        pytest.skip("The socket is closed behind the log-in.")
    page = person.show("/news")
    with person.open(page) as socket:
        person.log_in_to_stay("ben")
        assert socket.call("/me")["body"]["user"] == "ben"
        socket.call(path, method="post")

    assert person.me()["user"] is None
    assert "remember_token" not in person.http.cookies


@pytest.mark.parametrize("path", WAYS)
def test_requests_that_are_sent_at_once_log_nobody_in(person, path):
    """Several requests bring the cookie, since the browser had sent them before any answer came;
    one of them begins a session."""
    log_out_and_die(person, path)
    before = person.copy()

    assert person.me()["user"] is None
    person.navigate("/cart", "POST", data={"item": "milk"})
    late = before.copy()
    late.navigate("/news")

    assert (before.me()["user"], late.me()["user"]) == (None, None)


@pytest.mark.parametrize("path", WAYS)
def test_app_that_writes_into_each_session_takes_the_cookie_away(share, folder, says, path):
    """The app counts the visits in the session. The answer comes too late to save that, as do all
    that come right behind the end, and takes the cookie away: it does not log the user in when the
    session is over."""
    environ = {"SESSIONS": folder, "NOTE_VISITS": "before_request", **says}
    person = Person(share("logins:app", environ=environ).url)
    person.log_in_to_stay()
    log_out_and_die(person, path)

    assert person.me()["user"] is None
    assert "remember_token" not in person.http.cookies


@pytest.mark.parametrize("path", WAYS)
@pytest.mark.parametrize("user", ["ada", "ben"])
def test_next_log_in_is_remembered(person, path, user):
    """The next request logs in, and is remembered by the cookie of before, or another one. It lasts
    when the session is over."""
    log_out_and_die(person, path)

    person.log_in_to_stay(user)

    assert person.http.cookies["remember_token"].startswith(f"{user}|")
    assert person.me()["user"] == user
    person.http.cookies.pop("session")
    assert person.me()["user"] == user


@pytest.mark.parametrize("path", WAYS)
def test_log_in_that_is_not_to_be_remembered_is_not(person, path):
    """The next request logs in for as long as the session lives: the cookie of before is gone."""
    log_out_and_die(person, path)

    person.log_in("ada")

    assert person.me()["user"] == "ada"
    assert "remember_token" not in person.http.cookies


@pytest.mark.parametrize("path", WAYS)
def test_other_browser_of_the_user_stays_logged_in(person, path):
    """Flask-Login gives all browsers of a user the same cookie. Another one is logged in by it when
    its own session is over."""
    other = person.copy()
    other.http.cookies.pop("session")
    assert other.me()["user"] == "ada"
    log_out_and_die(person, path)
    person.me()

    assert other.me()["user"] == "ada"
    other.http.cookies.pop("session")
    assert other.me()["user"] == "ada"
    assert "remember_token" in other.http.cookies


@pytest.mark.parametrize("path", ["/logout"])
def test_message_of_another_tab_logs_nobody_in(person, path, says):
    """Another tab's socket has come with the cookie as well, and is not told of anything by an app
    that tells no users. What its next message finds reaches the browser by that tab."""
    if not says:
        pytest.skip("The socket is closed.")
    other = person.show("/news")
    with person.open(other) as beside:
        log_out_and_die(person, path)
        assert beside.call("/me")["body"]["user"] is None
    person.take_over(other)

    assert "remember_token" not in person.http.cookies
    assert person.me()["user"] is None


@pytest.mark.parametrize("path", ["/logout", "/leave"])
def test_former_id_names_no_session_of_a_later_log_in(person, path):
    """Somebody has a copy of the cookie with the session's id. A log-out that empties the session
    gives the browser another id: the copy shows nothing of the log-in behind it."""
    thief = person.copy()
    thief.http.cookies.pop("remember_token")
    log_out_and_die(person, path)
    person.log_in_to_stay()

    assert (thief.me()["user"] is None) is (path == "/leave")
