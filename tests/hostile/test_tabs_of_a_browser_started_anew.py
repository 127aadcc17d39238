"""Tabs of a browser that comes with nothing but the cookie that remembers its user."""

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
