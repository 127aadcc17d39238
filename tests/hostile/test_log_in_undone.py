"""A request that is made at the same time, with the cookie of before, does not undo a log-in."""

import pytest

from .people import Person

# More than one process share a Valkey.
KINDS = [("gevent", "memory"), ("gthread", "memory"), ("gevent", "redis"), ("gthread", "redis")]


@pytest.fixture(params=KINDS, ids="-".join)
def processes(share, request):
    """The addresses of the process that logs in, and of the one that is asked meanwhile."""
    kind, registry = request.param
    options = {"kind": kind, "registry": registry, "ALLOW_CALLS": True}
    if registry == "memory":
        return [share("logins:app", **options).url] * 2
    options["REDIS_PREFIX"] = "in"
    return [share("logins:app", **options, environ={"N": one}).url for one in "12"]


def log_in_by_form(person, _page):
    person.navigate("/login", "POST", data={"user": "ada"}, allow_redirects=False)


def log_in_over_the_socket(person, page):
    with person.open(page) as socket:
        assert socket.call("/login?user=ada", method="post")["session"]
        assert socket.close_code() == 4001
    assert "Set-Cookie" in person.take_over(page).headers


@pytest.mark.parametrize("log_in", [log_in_by_form, log_in_over_the_socket])
def test_page_that_comes_with_the_cookie_of_before_logs_nobody_out(processes, log_in):
    """A script of a page asks for something, and a log-in is answered before the server reads it.
    Flask-Login writes into a stranger's session, and the browser keeps the cookie of the last
    answer: this one sets none."""
    person = Person(processes[0])
    page = person.show("/about")
    late = person.copy()
    late.url = processes[1]
    other = person.show("/about")
    with person.open(other, url=processes[1]) as socket:
        log_in(person, page)
        # By then the process that is asked has heard of it.
        assert socket.close_code() == 4001

    answer = late.navigate("/me")

    assert answer.json()["user"] is None
    assert "Set-Cookie" not in answer.headers
    assert person.me()["user"] == "ada"


def test_form_that_is_sent_with_the_cookie_of_before_logs_in(processes):
    """Two clicks on a log-in form, or two tabs. Whichever answer the browser keeps, it is logged
    in, and so it stays."""
    person = Person(processes[0])
    page = person.show("/about")
    late = person.copy()
    with person.open(page):
        log_in_by_form(person, page)

        late.navigate("/login", "POST", data={"user": "bob"}, allow_redirects=False)

    assert [one.me()["user"] for one in (person, late)] == ["ada", "bob"]
    assert "Set-Cookie" in person.navigate("/logout", "POST", allow_redirects=False).headers


def test_user_is_remembered_though_a_page_comes_with_the_cookie_of_before(share):
    """Where Flask-Login protects sessions strongly, each answer to a stranger deletes the cookie by
    which it remembers a user."""
    person = Person(share("logins:app", environ={"PROTECTION": "strong"}).url)
    person.show("/about")
    late = person.copy()
    form = {"user": "ada", "remember": "1"}
    person.navigate("/login", "POST", data=form, allow_redirects=False)

    answer = late.navigate("/me")

    assert "remember_token" in person.http.cookies
    assert "Set-Cookie" not in answer.headers
