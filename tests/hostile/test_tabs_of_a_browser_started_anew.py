"""Tabs of a browser that comes with nothing but the cookie that remembers a user, or with none."""

import threading

import pytest

from tests.eventually import DEADLINE, eventually

from .people import Person


def start_anew(person):
    """Return a tab of the person's browser, which has forgotten the session's cookie."""
    tab = person.copy()
    del tab.http.cookies["session"]
    return tab


def test_log_out_reaches_a_tab_whose_session_the_browser_has_not_kept(share):
    """Two tabs are opened at once. Each answer begins a session, and the browser keeps the cookie
    of the later one. The user logs out there: the other tab's socket is closed, and nobody
    knows the page by the browser's cookie. The user's other devices come back, and go on."""
    server = share("logins:app")
    person, device = Person(server.url), Person(server.url)
    person.navigate("/login", "POST", data={"user": "ada", "remember": "1"})
    device.log_in("ada")
    elsewhere = device.show("/inbox")
    tab, later = start_anew(person), start_anew(person)
    page = tab.show("/inbox")
    with tab.open(page) as socket, device.open(elsewhere) as other:
        later.show("/inbox")

        later.log_out()

        assert (socket.close_code(), other.close_code()) == (1012, 1012)
    assert later.me()["user"] is None
    with later.open(page, resume=True) as socket:
        assert not socket.resume()["known"]
    with device.open(elsewhere, resume=True) as other:
        assert other.resume()["known"]
        device.post("/tell/ada", json="news")
        assert other.push()["payload"] == "news"


@pytest.fixture(params=["memory", "redis"])
def processes(share, request, folder_of_holds):
    """The addresses of the process that is asked to log out, and of the one that is busy."""
    environ = {"HOLD": str(folder_of_holds)}
    if request.param == "memory":
        return [share("logins:app", environ=environ).url] * 2
    settings = {"registry": "redis", "REDIS_PREFIX": "anew"}
    return [share("logins:app", **settings, environ=environ | {"N": one}).url for one in "12"]


def test_page_that_takes_a_while_does_not_undo_a_log_out(processes, hold):
    """A tab is opened by that cookie alone, and its user logs out before it is answered. The answer
    sets no cookie. The page of another device that is asked for at the same moment begins its
    session with the next request."""
    person, device = Person(processes[0]), Person(processes[0])
    for one in (person, device):
        one.navigate("/login", "POST", data={"user": "ada", "remember": "1"})
    tabs, answers = [start_anew(one) for one in (person, device)], []
    asking = []
    for tab in tabs:
        tab.url = processes[1]
        asking.append(
            threading.Thread(target=lambda tab=tab: answers.append(tab.navigate("/late")))
        )
        asking[-1].start()
        eventually((hold / "arrived").exists)
        (hold / "arrived").unlink()
    elsewhere = device.show("/inbox")

    with device.open(elsewhere, url=processes[1]) as socket:
        person.log_out()
        # By then the process that is busy has heard of it.
        assert socket.close_code() == 1012
    (hold / "go").touch()
    for one in asking:
        one.join(DEADLINE)

    assert [one.status_code for one in answers] == [200, 200]
    assert all("Set-Cookie" not in one.headers for one in answers)
    assert tabs[1].me()["user"] == "ada"
    assert "session" in tabs[1].http.cookies


def test_tab_whose_session_the_browser_has_not_kept_comes_back(processes):
    """Two tabs are opened at once, and one has its socket open before the other is answered. The
    browser keeps the other's session. The socket comes back, by the cookie of that, and its page is
    not known there, so that it is loaded anew. Else a log-out by a call would end a session of
    which the browser knows nothing, and leave it logged in."""
    person = Person(processes[0])
    person.navigate("/login", "POST", data={"user": "ada", "remember": "1"})
    tab, later = start_anew(person), start_anew(person)
    page = tab.show("/news")
    later.url = processes[1]

    with tab.open(page, resume=True) as socket:
        assert socket.resume()["known"]
        later.show("/news")
        assert socket.close_code() == 1012

    with later.open(page, resume=True) as socket:
        assert not socket.resume()["known"]
    page = later.show("/news")
    with later.open(page, resume=True) as socket:
        assert socket.resume()["known"]
        socket.call("/logout", method="post")
    later.take_over(page)
    assert later.me()["user"] is None


@pytest.mark.parametrize("keeps", [True, False])
def test_tab_comes_back_though_the_app_does_not_tell_users(share, tmp_path_factory, keeps):
    """In an app without realtime.identify the first tab comes back with the browser's session, too:
    what the tab puts into the cart is there."""
    folder = str(tmp_path_factory.mktemp("sessions"))
    environ = {"SAYS_NOTHING": "1", **({"SESSIONS": folder} if keeps else {})}
    person = Person(share("logins:app", environ=environ).url)
    person.navigate("/login", "POST", data={"user": "ada", "remember": "1"})
    tab, later = start_anew(person), start_anew(person)
    page = tab.show("/news")

    with tab.open(page, resume=True) as socket:
        socket.resume()
        later.show("/news")
        assert socket.close_code() == 1012

    with later.open(page, resume=True) as socket:
        socket.resume()
        socket.call("/cart", method="post", input={"item": "tea"})
    later.take_over(page)
    assert later.me() == {"user": "ada", "cart": ["tea"]}


@pytest.mark.parametrize("says", [True, False], ids=["identify", "no identify"])
@pytest.mark.parametrize("keeps", [False, True], ids=["cookie", "store"])
def test_strangers_tab_comes_back_at_the_first_change_that_its_browser_does_not_get(
    share, tmp_path_factory, keeps, says
):
    """A stranger opens two tabs at once. One has its socket open before the other is answered,
    whose session the browser keeps. The first change of that socket's session is lost. The page is
    told by that (4001), and comes back with the session that the browser has: the next change
    stays. Another tab of the former session goes on meanwhile."""
    environ = {} if says else {"SAYS_NOTHING": "1"}
    if keeps:
        environ["SESSIONS"] = str(tmp_path_factory.mktemp("sessions"))
    tab = Person(share("logins:app", environ=environ).url)
    later = tab.copy()
    page, beside = tab.show("/news"), tab.show("/news")
    with tab.open(page, resume=True) as socket, tab.open(beside, resume=True) as other:
        assert socket.resume()["known"] and other.resume()["known"]
        later.show("/news")

        reply = socket.call("/cart", method="post", input={"item": "tea"})
        later.take_over(page, reply)

        assert socket.close_code() == 4001
        other.settle()
    with later.open(page, resume=True) as socket:
        assert not socket.resume()["known"]
        reply = socket.call("/cart", method="post", input={"item": "milk"})
        later.take_over(page, reply)
        socket.settle()
    assert later.me()["cart"] == ["milk"]


def test_socket_elsewhere_comes_back_when_another_process_is_asked(processes):
    """The page's socket is at another process than the one that its page asks for the change."""
    tab = Person(processes[0])
    later = tab.copy()
    page = tab.show("/news")
    with tab.open(page, url=processes[1]) as socket:
        later.show("/news")

        later.take_over(page, socket.call("/cart", method="post", input={"item": "tea"}))

        assert socket.close_code() == 4001


def test_what_a_page_is_told_closes_no_socket_but_where_a_server_has_made_it(share):
    """A stranger sends what another page may have been told, with a session of their own: as it is
    shown to no other page, they have to make it up. A socket stays open whose digest they know."""
    person, stranger = (Person(share("logins:app").url) for _ in range(2))
    page, own = person.show("/news"), stranger.show("/news")
    with person.open(page) as socket:
        told = socket.call("/cart", method="post", input={"item": "tea"})["session"]

        body, _, _ = told.rpartition(".")
        for made_up in ("", "none", body, f"{body}.{'A' * 27}", f"{told}x", "ä" * 90):
            answer = stranger.take_over(own, {"session": made_up.encode().decode("latin-1")})
            assert answer.status_code == 204

        socket.settle()
