"""A browser still has a session that has ended: a tab died before it fetched what its call had
changed, or an answer came too late, and brought the former session back."""

import threading

import pytest

from tests.eventually import DEADLINE, eventually

from .people import Person, assert_page_lives

# An app tells its users, or does not, or tells the former one behind a clear().
SAYS = {"identify": {}, "says_nothing": {"SAYS_NOTHING": "1"}, "found_once": {"FOUND_ONCE": "1"}}


@pytest.fixture(
    params=[
        pytest.param(("memory", "identify"), marks=pytest.mark.long),
        ("memory", "says_nothing"),
        ("memory", "found_once"),
        ("redis", "identify"),
        pytest.param(("redis", "says_nothing"), marks=pytest.mark.long),
        pytest.param(("redis", "found_once"), marks=pytest.mark.long),
    ],
    ids="-".join,
)
def server(share, request):
    """Starts the app in one process, or in two that share a Redis.

    :param late: within how many seconds an answer may still be under way.
    :param workers: how many processes share a Redis.
    """

    def server(late="0", workers=2):
        registry, says = request.param
        redis = {"workers": workers, "REDIS_PREFIX": f"ended{workers}"}
        settings = redis if registry == "redis" else {}
        environ = {**SAYS[says], "LATE": late}
        return share("logins:app", registry=registry, environ=environ, **settings).url

    return server


def remembered(url):
    """Return a person who has logged in, and is remembered."""
    person = Person(url)
    person.log_in_to_stay()
    return person


def assert_page_is_turned_away(person):
    page = person.show("/news")
    with person.open(page, resume=True) as socket:
        assert socket.close_code() == 4001
    return page


@pytest.mark.parametrize("path", ["/leave", "/clear"])
def test_log_out_of_a_tab_that_dies_is_made_by_the_next_page(server, path):
    """A remembered user logs out by a call, and the tab dies before it has fetched the change. The
    next page is turned away, and turned away once more behind its reload. It asks for another
    session: the browser is logged out, and its next page lives."""
    person = remembered(server())
    with person.open(person.show("/news")) as socket:
        socket.call(path, method="post")
    assert_page_is_turned_away(person)
    page = assert_page_is_turned_away(person)

    assert person.ask_for_next(page).status_code == 204

    assert person.me() == {"user": None, "cart": None}
    assert "remember_token" not in person.http.cookies
    assert_page_lives(person)


def test_stranger_whose_former_session_comes_back_gets_another(server):
    """A stranger's cart is emptied together with the session. An answer that comes behind that
    brings the former session back: the next page asks for another one."""
    person = Person(server())
    person.show("/news")
    person.navigate("/cart", "POST", data={"item": "milk"})
    late = person.copy()
    person.navigate("/clear", "POST")
    late.give_cookies_to(person)
    page = assert_page_is_turned_away(person)

    assert person.ask_for_next(page).status_code == 204

    assert person.me()["cart"] is None
    assert_page_lives(person)


def test_session_that_has_just_ended_is_waited_for(server):
    """The tab that has logged out by a call is slow to fetch the change. Another tab that asks is
    told to ask again, in whichever process, and the change is there for the slow one. Then it is
    told that its browser has a session that lives."""
    person = remembered(server("3600"))
    slow = person.show("/news")
    with person.open(slow) as socket:
        socket.call("/leave", method="post")
    page = assert_page_is_turned_away(person)
    for _ in range(4):
        answer = person.ask_for_next(page)
        assert (answer.status_code, "Set-Cookie" in answer.headers) == (202, False)

    person.take_over(slow)
    answer = person.ask_for_next(page)

    assert (answer.status_code, "Set-Cookie" in answer.headers) == (204, False)
    assert person.me()["user"] is None
    assert_page_lives(person)


def test_page_that_waits_gets_its_session_in_time(server):
    """A page asks at once, and again, as the bundled client does: it is answered once no answer can
    be under way any more."""
    person = remembered(server("2"))
    with person.open(person.show("/news")) as socket:
        socket.call("/leave", method="post")
    page = assert_page_is_turned_away(person)
    answers = []

    def is_answered():
        answers.append(person.ask_for_next(page).status_code)
        return answers[-1] == 204

    eventually(is_answered)

    assert {*answers[:-1]} == {202}
    assert person.me()["user"] is None
    assert_page_lives(person)


def test_session_that_lives_is_left_alone(server):
    """Whoever asks without need keeps the session, and the cookie that remembers its user."""
    person = remembered(server())
    page = person.show("/news")

    answer = person.ask_for_next(page)

    assert (answer.status_code, "Set-Cookie" in answer.headers) == (204, False)
    assert person.me()["user"] == "ada"


def test_copy_of_an_ended_cookie_gets_no_rights(server):
    """Somebody with a copy of a cookie asks behind the log-out: the copy is logged out as well, and
    the user, who has logged in again, goes on."""
    person = remembered(server())
    page = person.show("/inbox")
    thief = person.copy()
    person.navigate("/leave", "POST")
    person.log_in("ada")
    assert_page_is_turned_away(thief)

    assert thief.ask_for_next(page).status_code == 204

    assert thief.me() == {"user": None, "cart": None}
    assert "remember_token" not in thief.http.cookies
    assert person.me()["user"] == "ada"
    assert_page_lives(person)


def test_log_in_is_not_undone_by_a_page_that_asked_before_it(server):
    """A tab dies with its log-out, and the session stays in the browser for a while. Its user logs
    in again, and a page that was turned away has asked with the former cookie a moment before. The
    answer to that leaves the browser alone: the user has shown a password.

    In one process: another one hears of the log-in a moment later, on a busy machine too late."""
    person = remembered(server("2", workers=1))
    with person.open(person.show("/news")) as socket:
        socket.call("/leave", method="post")
    page = assert_page_is_turned_away(person)
    waiting = person.copy()
    eventually(lambda: person.copy().ask_for_next(page).status_code == 204)
    person.log_in("ada")

    answer = waiting.ask_for_next(page)

    assert (answer.status_code == 204, "Set-Cookie" in answer.headers) == (False, False)
    assert_page_lives(person)


def test_question_keeps_no_request_from_being_saved(share, hold, folder_of_holds):
    """The cart is being filled by a process that has not heard of the end, when a page asks that
    process: the answer is none that comes too late for a log-out, and is saved."""
    environ = {"SAYS_NOTHING": "1", "LATE": "3600", "HOLD": str(folder_of_holds)}
    kept = {"registry": "redis", "REDIS_PREFIX": "asked"}
    here, there = (
        share("logins:app", environ={**environ, "NAME": name}, **kept).url
        for name in ("here", "there")
    )
    person = Person(here)
    page = person.show("/news")
    with person.open(person.show("/news")) as socket:
        socket.call("/clear", method="post")
    person.url = there
    form = {"data": {"item": "tea", "held": "yes"}}
    filling = threading.Thread(target=person.navigate, args=("/cart", "POST"), kwargs=form)
    filling.start()
    eventually((hold / "arrived").exists)

    assert person.ask_for_next(page).status_code == 202
    (hold / "go").touch()
    filling.join(DEADLINE)

    assert person.me()["cart"] == ["tea"]
