"""A user logs out by a call, whose change of the session the browser fetches by HTTP."""

import pytest

from .people import Person


@pytest.fixture
def person(share, request):
    """A user of an app, which may write into the session in each request, before it or after it."""
    environ = {"NOTE_VISITS": request.param} if request.param else {}
    person = Person(share("logins:app", environ=environ).url)
    person.log_in("ada")
    return person


@pytest.mark.parametrize("person", ["before_request", "after_request"], indirect=True)
def test_app_that_writes_into_each_session_keeps_no_change_away(person):
    """The app counts visits in the session, in calls as in requests by HTTP. What calls put into
    the cart reaches the browser all the same, and so does the log-out."""
    page = person.show("/inbox")
    with person.open(page) as socket:
        for item in ("tea", "milk"):
            assert socket.call("/cart", method="post", input={"item": item})["session"]
            person.me()
            person.take_over(page)
        full = person.me()

        socket.call("/logout", method="post")
        person.me()
        person.take_over(page)

    assert full == {"user": "ada", "cart": ["tea", "milk"]}
    assert person.me() == {"user": None, "cart": ["tea", "milk"]}


@pytest.mark.parametrize("note_when", ["before_request", "after_request"])
def test_next_socket_begins_with_what_the_browser_has_yet_to_fetch(share, note_when):
    """The app writes into the session in each request, and does not tell users. The link is lost
    behind a log-out by a call, while another tab asks for pages. The page's next socket is nobody's
    as well, and goes on with the cart that a call had filled."""
    environ = {"NOTE_VISITS": note_when, "SAYS_NOTHING": "1"}
    person = Person(share("logins:app", environ=environ).url)
    person.log_in("ada")
    page = person.show("/inbox")
    with person.open(page) as socket:
        socket.call("/cart", method="post", input={"item": "tea"})
        socket.call("/logout", method="post")
    for _ in range(3):
        person.me()

    with person.open(page) as socket:
        socket.call("/cart", method="post", input={"item": "milk"})
        seen = socket.call("/me")["body"]
    person.take_over(page)

    assert seen == person.me() == {"user": None, "cart": ["tea", "milk"]}


@pytest.mark.parametrize("path", ["/logout", "/leave"])
@pytest.mark.parametrize("says", [{}, {"SAYS_NOTHING": "1"}])
def test_request_before_the_change_is_fetched_logs_no_remembered_user_in_again(
    share, folder, says, path
):
    """The server keeps the session. Until the browser has fetched what the log-out by a call has
    changed, its requests bring the cookie by which Flask-Login remembers the user: where the
    log-out has also emptied the session, they begin another one. They are nobody's, and the fetch
    disturbs none of their pages."""
    person = Person(share("logins:app", environ={"SESSIONS": folder, **says}).url)
    person.log_in_to_stay()
    page = person.show("/inbox")
    with person.open(page) as socket:
        socket.call(path, method="post")
    assert person.me()["user"] is None
    other = person.show("/news")

    with person.open(other) as socket:
        socket.settle()
        person.take_over(page)
        assert socket.call("/me")["body"]["user"] is None

    assert person.me()["user"] is None
    assert "remember_token" not in person.http.cookies


@pytest.mark.parametrize("says", [{}, {"SAYS_NOTHING": "1"}])
def test_request_that_asks_for_no_user_keeps_no_remembered_user_logged_in(share, folder, says):
    """The call has emptied the session that the server keeps. Before the browser fetches its
    change, it puts something into its cart, for which no view looks who the visitor is: the session
    that begins there is nobody's, until the next request that looks finds the cookie. It stays."""
    person = Person(share("logins:app", environ={"SESSIONS": folder, **says}).url)
    person.log_in_to_stay()
    page = person.show("/inbox")
    with person.open(page) as socket:
        socket.call("/leave", method="post")
    person.navigate("/cart", "POST", data={"item": "tea"})

    person.take_over(page)

    assert person.me() == {"user": None, "cart": ["tea"]}
    assert "remember_token" not in person.http.cookies


@pytest.mark.parametrize("keeps", [True, False])
def test_call_from_before_a_log_out_has_nobody_remembered_again(share, folder, keeps):
    """The app renews the cookie by which a user is remembered with each request, and does not tell
    users. A call's renewal waits for its page while the user logs out in another tab. Neither the
    page, when it fetches that, nor its next socket is logged in again."""
    environ = {"SAYS_NOTHING": "1", "RENEWS": "1", **({"SESSIONS": folder} if keeps else {})}
    person = Person(share("logins:app", environ=environ).url)
    person.log_in_to_stay()
    page = person.show("/inbox")
    with person.open(page) as socket:
        assert socket.call("/cart", method="post", input={"item": "tea"})["session"]
    person.log_out()

    with person.open(page) as socket:
        seen = socket.call("/me")["body"]["user"]
    person.take_over(page)

    assert seen is person.me()["user"] is None
    assert "remember_token" not in person.http.cookies


def test_call_of_a_former_user_has_nobody_remembered_in_place_of_the_present_one(share):
    """The app renews the cookie by which a user is remembered with each request, and does not tell
    users. A page's socket is still Ada's when Ben logs in by that browser in another tab. What the
    page's call puts into the cart reaches the browser, and Ada's cookie does not."""
    person = Person(share("logins:app", environ={"SAYS_NOTHING": "1", "RENEWS": "1"}).url)
    person.log_in("ada")
    page = person.show("/inbox")
    with person.open(page) as socket:
        person.log_in("ben")
        socket.call("/cart", method="post", input={"item": "tea"})
    person.take_over(page)

    assert person.http.cookies["remember_token"].startswith("ben|")
    assert person.me() == {"user": "ben", "cart": ["tea"]}


def test_call_from_before_a_log_out_brings_no_id_back_that_it_has_given_up(share, folder):
    """The log-out gives the session that the server keeps another id. A call from before has
    renewed the cookie with the former one, which its page fetches behind the log-out: the browser
    keeps the id of now, and what is in that session."""
    person = Person(share("logins:app", environ={"SESSIONS": folder, "SAYS_NOTHING": "1"}).url)
    person.log_in("ada")
    page = person.show("/inbox")
    with person.open(page) as socket:
        assert socket.call("/cart", method="post", input={"item": "tea"})["session"]
    person.log_out("/renew")
    renewed = person.http.cookies["session"]

    person.take_over(page)

    assert person.http.cookies["session"] == renewed
    assert person.me() == {"user": None, "cart": ["tea"]}


@pytest.mark.parametrize("keeps", [True, False])
@pytest.mark.parametrize("by_call", [True, False])
def test_socket_of_another_tab_logs_no_remembered_user_in_again(share, folder, keeps, by_call):
    """The app does not tell users. Two tabs are open, whose sockets bring the cookie by which a
    user is remembered, and the user logs out in one: the other's socket comes back without it. Else
    its next message would find the cookie, and log the browser in again where the server keeps the
    session."""
    environ = {"SAYS_NOTHING": "1", **({"SESSIONS": folder} if keeps else {})}
    person = Person(share("logins:app", environ=environ).url)
    person.log_in_to_stay()
    page, other = person.show("/news"), person.show("/news")
    with person.open(page) as socket, person.open(other) as elsewhere:
        if by_call:
            socket.call("/logout", method="post")
            person.take_over(page)
        else:
            person.log_out()
        assert elsewhere.close_code() == 1012

    with person.open(other, resume=True) as elsewhere:
        assert elsewhere.resume()["known"]
        assert elsewhere.call("/me")["body"]["user"] is None
    person.take_over(other)
    assert person.me()["user"] is None


@pytest.mark.parametrize("keeps", [True, False])
@pytest.mark.parametrize("says", [{}, {"SAYS_NOTHING": "1"}])
def test_log_out_by_a_call_ends_what_a_later_log_in_remembers(share, folder, says, keeps):
    """A socket is open when its user logs in once more, in another tab, and is remembered from then
    on. The socket comes back with that cookie, so that a log-out by a call takes it away."""
    environ = {**says, **({"SESSIONS": folder} if keeps else {})}
    person = Person(share("logins:app", environ=environ).url)
    person.log_in("ada")
    page = person.show("/news")
    with person.open(page) as socket:
        person.log_in_to_stay()
        assert socket.close_code() == 1012

    with person.open(page, resume=True) as socket:
        assert socket.resume()["known"]
        socket.call("/logout", method="post")
    person.take_over(page)

    assert person.me()["user"] is None


@pytest.mark.parametrize("says", [{}, {"SAYS_NOTHING": "1"}])
def test_cookie_that_no_browser_keeps_has_no_socket_come_back_for_ever(share, says):
    """The app renews the cookie by which it remembers its users with each answer, for sites with
    TLS alone, and its site has none, so that no browser keeps it. A page calls as it is connected,
    and fetches what that has changed: its socket comes back some times, and stays then."""
    person = Person(share("logins:app", environ={"RENEWS": "1", "SECURE": "1", **says}).url)
    person.log_in("ada")
    page = person.show("/news")
    for _ in range(5):
        person.me()

    with person.open(page) as socket:
        socket.call("/cart", method="post", input={"item": "tea"})
        renewed = person.take_over(page).headers["Set-Cookie"]
        person.me()
        assert socket.call("/me")["body"] == {"user": "ada", "cart": ["tea"]}
        person.me()
        assert socket.call("/me")["body"] == {"user": "ada", "cart": ["tea"]}

    assert "remember_token" in renewed


@pytest.mark.parametrize("user", ["ada", "ben"])
def test_log_in_since_the_log_out_is_not_undone_by_what_waits(share, folder, user):
    """The call has emptied a remembered user's session. Before the browser has fetched its change,
    somebody shows a password in that browser, and stays logged in and remembered."""
    person = Person(share("logins:app", environ={"SESSIONS": folder}).url)
    form = {"user": "ada", "remember": "yes"}
    person.navigate("/login", "POST", data=form)
    page = person.show("/inbox")
    with person.open(page) as socket:
        socket.call("/leave", method="post")
    person.navigate("/login", "POST", data={**form, "user": user})

    handed = person.take_over(page).headers

    assert "Set-Cookie" not in handed
    assert person.me()["user"] == user


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Where the app keeps sessions."""
    return str(tmp_path_factory.mktemp("sessions"))


@pytest.mark.parametrize("person", [None], indirect=True)
@pytest.mark.parametrize("has_begun", [True, False])
def test_log_out_clears_also_what_another_tab_has_changed(person, has_begun):
    """The cart was filled by HTTP since the socket was opened, or filled further. A log-out by a
    call that clears the session is one all the same."""
    if has_begun:
        person.navigate("/cart", "POST", data={"item": "tea"})
    page = person.show("/inbox")
    with person.open(page) as socket:
        person.navigate("/cart", "POST", data={"item": "milk"})

        socket.call("/clear", method="post")
        person.take_over(page)

    assert person.me() == {"user": None, "cart": None}
