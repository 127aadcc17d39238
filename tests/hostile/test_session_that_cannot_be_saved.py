"""A user logs in or out, and the session cannot be saved: the answer is 500."""

import contextlib

import pytest
from websockets.exceptions import InvalidStatus

from .people import Person


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Where the app keeps sessions, and where the test says whether they can be saved."""
    return tmp_path_factory.mktemp("sessions")


@pytest.fixture(params=["kept", "cookie"])
def keeps(request):
    return request.param == "kept"


@pytest.fixture(params=["identify", "says_nothing"])
def person(request, share, folder, keeps):
    """A user of an app that tells its users or does not, and keeps sessions or has them in the
    cookie."""
    environ = {"REFUSALS": str(folder / "refusals")}
    environ |= {"SAYS_NOTHING": "1"} if request.param == "says_nothing" else {}
    environ |= {"SESSIONS": str(folder / "kept")} if keeps else {}
    person = Person(share("logins:app", environ=environ).url)
    person.log_in("ada")
    yield person
    (folder / "refusals").unlink(missing_ok=True)


@contextlib.contextmanager
def back(person, page):
    """The socket with which a page comes back: it hears its channels, and is still ada's, as her
    browser is."""
    with person.open(page, resume=True) as socket:
        assert socket.resume()["known"]
        assert socket.call("/me")["body"]["user"] == person.me()["user"] == "ada"
        yield socket


def test_pages_go_on_where_a_log_out_could_not_be_saved(person, folder):
    """Nothing is saved: the browser is logged in as before. The sockets come back, and the page
    hears its channels, until a log-out succeeds."""
    page = person.show("/news")
    with person.open(page) as socket:
        socket.settle()
        (folder / "refusals").write_text("before")
        assert person.log_out("/leave").status_code == 500
        assert socket.close_code() == 1012
    (folder / "refusals").unlink()

    with back(person, page) as socket:
        person.log_out("/leave")
        assert socket.close_code() == 4001
    assert person.me()["user"] is None


def test_pages_go_on_where_a_log_out_by_a_call_could_not_be_saved(person, folder):
    """A log-out over the socket is not saved: the sockets come back, and hear their channels, until
    a log-out succeeds."""
    page = person.show("/news")
    with person.open(page) as socket:
        (folder / "refusals").write_text("before")
        assert socket.call("/leave", method="post")["status"] == 500
        (folder / "refusals").unlink()
        assert socket.close_code() == 1012

    with back(person, page) as socket:
        socket.call("/leave", method="post")
        assert socket.close_code() in (1000, 4001)
    person.take_over(page)
    assert person.me()["user"] is None


@pytest.mark.parametrize("person", ["identify"], indirect=True)
def test_pages_go_on_where_another_log_in_could_not_be_saved(person, folder):
    """Somebody else logs in with the same browser, and nothing is saved: it is still the first
    user's."""
    page = person.show("/news")
    with person.open(page) as socket:
        socket.settle()
        (folder / "refusals").write_text("before")
        assert person.log_in("ben").status_code == 500
        assert socket.close_code() == 1012
    (folder / "refusals").unlink()

    with back(person, page) as socket:
        person.log_out("/leave")
        assert socket.close_code() == 4001


@pytest.mark.parametrize("keeps", ["kept"], indirect=True)
@pytest.mark.parametrize("by_call", [True, False])
def test_log_out_holds_that_was_saved_before_the_store_failed(person, folder, by_call):
    """The store has the log-out, and fails only then. The sockets are closed, and the page gets
    none, since the session is asked for as it is in the store."""
    page = person.show("/news")
    with person.open(page) as socket:
        socket.settle()
        (folder / "refusals").write_text("behind")
        if by_call:
            assert socket.call("/leave", method="post")["status"] == 500
        else:
            assert person.log_out("/leave").status_code == 500
        (folder / "refusals").unlink()
        assert socket.close_code() == 1012

    with pytest.raises(InvalidStatus, match="403"):
        person.open(page, resume=True)
    assert person.me()["user"] is None


def test_log_out_ends_the_session_that_the_answer_to_the_failure_saves(person, folder, keeps):
    """The store fails once. Flask saves the session with the answer that tells of the failure, so
    that the user is logged out: no page of the session comes back."""
    page, before = person.show("/news"), person.copy()
    with person.open(page) as socket:
        socket.settle()
        (folder / "refusals").write_text("once")
        assert person.log_out("/leave").status_code == 500
        assert socket.close_code() in (1012, 4001)

    assert person.me()["user"] is None
    if keeps:
        with pytest.raises(InvalidStatus, match="403"):
            before.open(page, resume=True)
    else:
        with before.open(page, resume=True) as socket:
            assert socket.close_code() == 4001
