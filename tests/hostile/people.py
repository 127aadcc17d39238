"""People with browsers, who attack a server or are attacked."""

import requests

from tests.eventually import DEADLINE
from tests.integration.browsers import Browser, connection_id


class Person(Browser):
    """Somebody with a browser, which sends ``Sec-Fetch-…`` headers as real browsers do."""

    def navigate(self, path, method="GET", **options):
        """Follow a link, or send a form; return the response."""
        headers = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Site": "same-origin"}
        return self.http.request(
            method, self.url + path, headers=headers, timeout=DEADLINE, **options
        )

    def fetch(self, method, path, page):
        """Ask as a script of an open page does, by ``realtime.fetch``."""
        headers = {"Sec-Fetch-Mode": "cors", "Sec-Fetch-Site": "same-origin"}
        headers["X-Realtime-Connection-Id"] = page
        return self.http.request(method, self.url + path, headers=headers, timeout=DEADLINE)

    def show(self, path="/"):
        """Load a page, and return its connection id."""
        return connection_id(self.navigate(path).text)

    def log_in(self, user, name="nobody"):
        return self.navigate("/login", "POST", data={"user": user, "name": name})

    def log_in_to_stay(self, user="ada"):
        """Log in, and have the browser keep the cookie by which Flask-Login remembers the user."""
        return self.navigate("/login", "POST", data={"user": user, "remember": "yes"})

    def log_out(self, path="/logout"):
        return self.navigate(path, "POST")

    def take_over(self, page, reply=None):
        """Fetch the changes of cookies that wait for a page, as the page's script does.

        :param page: the connection id of the page.
        :param reply: the reply to the message that has changed them, if one has come.
        """
        headers = {
            "Origin": self.url,
            "Sec-Fetch-Mode": "same-origin",
            "X-Realtime-Connection-Id": page,
            "X-Realtime-Session": (reply or {}).get("session", ""),
        }
        return self.http.post(f"{self.url}/_realtime/session", headers=headers, timeout=DEADLINE)

    def ask_for_next(self, page):
        """Ask for a session that lives, as the script of a page does that was turned away twice."""
        return self.take_over(page, {"session": "4001"})

    def me(self):
        return self.http.get(f"{self.url}/me", timeout=DEADLINE).json()

    def give_cookies_to(self, other):
        """Give another browser a copy of this one's cookies and no others; return that browser."""
        other.http.cookies = requests.cookies.merge_cookies(
            requests.cookies.RequestsCookieJar(), self.http.cookies
        )
        return other

    def copy(self):
        """Return another browser with a copy of this one's cookies."""
        return self.give_cookies_to(Person(self.url))


def somebody(url, user="somebody"):
    """Return a person who has logged in, and has seen a page that subscribes to their inbox."""
    person = Person(url)
    person.log_in(user)
    person.show("/inbox")
    return person


def assert_page_lives(person):
    """Load a page, whose socket stays open and changes the session."""
    page = person.show("/news")
    with person.open(page, resume=True) as socket:
        assert socket.resume()["known"]
        socket.call("/cart", method="post", input={"item": "tea"})
    person.take_over(page)
    assert person.me()["cart"] == ["tea"]


def heard_until(socket, last):
    """Return the payloads that a socket gets before *last*."""
    found = []
    while (payload := socket.push()["payload"]) != last:
        found.append(payload)
    return found
