"""A call ends its session before the browser has fetched what calls before it have changed."""

import pytest

from .people import Person


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Where the app keeps sessions."""
    return str(tmp_path_factory.mktemp("sessions"))


@pytest.fixture(params=[{}, {"SAYS_NOTHING": "1"}], ids=["identify", "says_nothing"])
def environ(request, folder, keeps):
    """Of an app that tells its users or does not, and keeps sessions or has them in the cookie."""
    return {**request.param, **({"SESSIONS": folder} if keeps else {})}


@pytest.fixture(params=[True, False], ids=["kept", "cookie"])
def keeps(request):
    return request.param


def log_in(person, user="ada"):
    """Log in by HTTP, and have the browser keep the cookie that remembers the user."""
    person.log_in_to_stay(user)


@pytest.mark.parametrize("between", [True, False])
def test_log_out_by_a_call_is_kept(share, environ, between):
    """A remembered user logs out by a call; maybe another tab asks for something before the page
    has fetched anything. The browser is not logged in again by the cookie that remembered its
    user."""
    person = Person(share("logins:app", environ=environ).url)
    log_in(person)
    page = person.show("/news")
    with person.open(page) as socket:
        socket.call("/logout", method="post")

    assert_log_out_is_kept(person, page, between)


@pytest.mark.parametrize("between", [True, False])
@pytest.mark.parametrize("goes_on", [True, False])
@pytest.mark.parametrize("path", ["/leave", "/clear"])
@pytest.mark.parametrize("environ", [{"SAYS_NOTHING": "1"}], indirect=True, ids=["says_nothing"])
def test_call_that_clears_the_session_keeps_a_log_out(share, environ, path, goes_on, between):
    """A remembered user logs out by a call, and another call clears the session, on the same socket
    or on the page's next one. Where the app tells its users, the log-out closes the socket."""
    person = Person(share("logins:app", environ=environ).url)
    log_in(person)
    page = person.show("/news")
    with person.open(page) as socket:
        socket.call("/logout", method="post")
        if goes_on:
            socket.call(path, method="post")
    if not goes_on:
        with person.open(page) as socket:
            socket.call(path, method="post")

    assert_log_out_is_kept(person, page, between)


def assert_log_out_is_kept(person, page, between):
    if between:
        person.me()

    person.take_over(page)

    assert person.me()["user"] is None
    assert "remember_token" not in person.http.cookies


@pytest.mark.parametrize("path", ["/logout", "/leave"])
def test_log_out_keeps_what_a_call_before_it_has_changed(share, environ, path):
    """A call fills the cart, and the next one logs the user out, before the page has fetched
    anything: the cart is as full as if it had, where the log-out does not clear the session."""
    person = Person(share("logins:app", environ=environ).url)
    person.log_in("ada")
    page = person.show("/news")
    with person.open(page) as socket:
        socket.call("/cart", method="post", input={"item": "tea"})
        socket.call(path, method="post")

    person.take_over(page)

    assert person.me() == {"user": None, "cart": ["tea"] if path == "/logout" else None}


def test_log_out_behind_a_call_that_renews_the_cookie_is_one_line(share, environ):
    """The app renews the cookie by which it remembers its users with each answer. The page fetches
    a renewal and the deletion at once: for a client that carries out deletions first, as Python's
    does, the user would stay logged in."""
    person = Person(share("logins:app", environ={**environ, "RENEWS": "1"}).url)
    log_in(person)
    page = person.show("/news")
    with person.open(page) as socket:
        socket.call("/cart", method="post", input={"item": "tea"})
        socket.call("/logout", method="post")

    answer = person.take_over(page)

    names = [one.partition("=")[0] for one in answer.raw.headers.getlist("Set-Cookie")]
    assert sorted(names) == sorted({*names})
    assert person.me()["user"] is None


@pytest.mark.parametrize("path", ["/logout", "/renew"])
@pytest.mark.parametrize("user", ["ada", "ben"])
def test_log_in_behind_a_log_out_is_remembered(share, folder, path, user):
    """A call logs out, maybe by giving the session another id, and the next one logs in, to be
    remembered. The page fetches both at once: the log-in is remembered when the session is over."""
    environ = {"SAYS_NOTHING": "1", "SESSIONS": folder}
    person = Person(share("logins:app", environ=environ, ALLOW_CALLS=["/login"]).url)
    log_in(person)
    page = person.show("/news")
    with person.open(page) as socket:
        socket.call(path, method="post")
        socket.call("/login", method="post", input={"user": user, "remember": "yes"})

    person.take_over(page)

    assert person.me()["user"] == user
    person.http.cookies.pop("session")
    assert person.me()["user"] == user


@pytest.mark.parametrize("user", ["ada", "ben"])
def test_log_in_by_a_call_of_another_tab_is_remembered(share, folder, user):
    """A call logs out, and one of another tab logs in, to be remembered, which that tab fetches
    first. The log-out that is fetched behind that takes the other cookie away no more."""
    environ = {"SAYS_NOTHING": "1", "SESSIONS": folder}
    person = Person(share("logins:app", environ=environ, ALLOW_CALLS=["/login"]).url)
    log_in(person)
    page, other = person.show("/news"), person.show("/news")
    with person.open(page) as socket, person.open(other) as beside:
        socket.call("/logout", method="post")
        beside.call("/login", method="post", input={"user": user, "remember": "yes"})
    person.take_over(other)

    person.take_over(page)

    person.http.cookies.pop("session")
    assert person.me()["user"] == user


@pytest.fixture(
    params=[
        pytest.param(("memory", True), id="memory-kept"),
        pytest.param(("redis", False), id="redis-cookie"),
        pytest.param(("memory", False), id="memory-cookie", marks=pytest.mark.long),
        pytest.param(("redis", True), id="redis-kept", marks=pytest.mark.long),
    ]
)
def silent(share, request, folder):
    """An app that does not tell its users."""
    registry, keeps = request.param
    environ = {"SAYS_NOTHING": "1", **({"SESSIONS": folder} if keeps else {})}
    settings = {"registry": "redis", "REDIS_PREFIX": "two"} if registry == "redis" else {}
    return share("logins:app", environ=environ, **settings).url


@pytest.mark.parametrize("is_first", [True, False])
@pytest.mark.parametrize("between", [True, False])
def test_call_of_another_tab_that_clears_the_session_keeps_a_log_out(silent, between, is_first):
    """A remembered user logs out by a call, and a call of another tab clears the session before
    that page has fetched anything. What waits for it is dropped, but for the deletion of the cookie
    that remembers the user, whichever tab fetches first, and whatever is asked for meanwhile."""
    person = Person(silent)
    log_in(person)
    page, other = person.show("/news"), person.show("/news")
    with person.open(page) as socket, person.open(other) as beside:
        socket.call("/cart", method="post", input={"item": "tea"})
        socket.call("/logout", method="post")
        beside.call("/clear", method="post")
    for one in (page, other) if is_first else (other, page):
        if between:
            person.me()
        person.take_over(one)

    assert person.me() == {"user": None, "cart": None}
    assert "remember_token" not in person.http.cookies


def test_deletion_that_waits_alone_is_for_the_page_and_the_cookie(silent):
    """Another user logs in with that browser before the page has fetched anything: the cookie that
    remembers that user stays."""
    person = Person(silent)
    log_in(person)
    page, other = person.show("/news"), person.show("/news")
    with person.open(page) as socket, person.open(other) as beside:
        socket.call("/logout", method="post")
        beside.call("/clear", method="post")
    person.take_over(other)
    log_in(person, "ben")

    person.take_over(page)

    assert person.http.cookies["remember_token"].startswith("ben|")
    assert person.me()["user"] == "ben"


def test_deletion_that_was_fetched_waits_no_more(silent):
    """A remembered user logs out by a call, which the page fetches, and logs in again: the cookie
    that remembers the user is the same. That page asks once more, as it does when it has lost its
    connection: the cookie stays."""
    person = Person(silent)
    log_in(person)
    page = person.show("/news")
    with person.open(page) as socket:
        socket.call("/logout", method="post")
    person.take_over(page)
    log_in(person)

    person.take_over(page)

    assert person.http.cookies["remember_token"].startswith("ada|")
    assert person.me()["user"] == "ada"


@pytest.mark.parametrize("by_call", [True, False])
@pytest.mark.parametrize("path", ["/logout", "/leave"])
def test_deletion_that_another_tab_made_first_takes_no_later_cookie_away(silent, path, by_call):
    """A remembered user logs out in two tabs at once, in one of them by a call. What the other has
    changed arrives first, and takes the cookie away; then the user logs in again, and the cookie
    that remembers the user is the same. The page fetches what has been left for it: the cookie
    stays."""
    person = Person(silent)
    log_in(person)
    page, other = person.show("/news"), person.show("/news")
    with person.open(page) as socket, person.open(other) as beside:
        socket.call("/logout", method="post")
        if by_call:
            beside.call(path, method="post")
    if by_call:
        person.take_over(other)
    else:
        person.log_out(path)
    assert "remember_token" not in person.http.cookies
    person.take_over(page)
    log_in(person)

    person.take_over(page)

    assert person.http.cookies["remember_token"].startswith("ada|")
    assert person.me()["user"] == "ada"
