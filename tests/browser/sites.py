"""Controls the app ``shapes``: sets its pages and answers, and reads the requests that it got."""

from __future__ import annotations

from tests import kept_connections
from tests.eventually import DEADLINE, eventually

# Connections are kept open, because opening one takes longer than the request.
_http = kept_connections.session()


class Site:
    """A server with the app ``shapes``. A new object makes it forget all answers.

    :param url: the address of the server.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        _http.delete(f"{url}/answers", timeout=DEADLINE)

    def show(self, main: str = "", **page: object) -> None:
        """Set the HTML of ``/page``.

        :param main: the content of its body.
        :param page: other parts of the page, as for :meth:`answer`.
        """
        self.answer("page", main=main, **page)

    def answer(self, name: str, **answer: object) -> None:
        """Set what ``/echo/NAME`` answers: parts of a page, or a body, a status and headers."""
        put = _http.put(f"{self.url}/answers/{name}", json=answer, timeout=DEADLINE)
        assert put.status_code == 204

    def release(self) -> None:
        """Let the server answer the requests that it holds back."""
        _http.post(f"{self.url}/release", timeout=DEADLINE)

    def push(self, message: object, channel: str) -> None:
        """Let the server push *message* to a channel."""
        _http.post(f"{self.url}/push/{channel}", json=message, timeout=DEADLINE)

    def update(self, html: str, channel: str, target: str = "#here") -> None:
        """Let the server update the element *target* of the pages on a channel with *html*."""
        self.change("update", html, channel, target)

    def change(self, verb: str, html: str, channel: str, target: str = "#here") -> None:
        """Let the server do what *verb* says to the element *target* of the pages on a channel."""
        _http.post(
            f"{self.url}/{verb}/{channel}", params={"target": target}, json=html, timeout=DEADLINE
        )

    def remove(self, channel: str, target: str = "#here") -> None:
        """Let the server remove the element *target* of the pages on a channel."""
        _http.post(f"{self.url}/remove/{channel}", params={"target": target}, timeout=DEADLINE)

    def refresh(self, channel: str) -> None:
        """Let the server refresh the blocks of a channel."""
        _http.post(f"{self.url}/refresh/{channel}", timeout=DEADLINE)

    def reload(self, channel: str) -> None:
        """Let the server reload the pages on a channel."""
        _http.post(f"{self.url}/reload/{channel}", timeout=DEADLINE)

    def told(self) -> list[dict[str, str]]:
        """Return the requests that the server got since the last call."""
        return _http.get(f"{self.url}/requests", timeout=DEADLINE).json()

    def wait_for_requests(self, count: int) -> list[dict[str, str]]:
        """Wait for *count* further requests, and return them in order."""
        told: list[dict[str, str]] = []
        eventually(lambda: told.extend(self.told()) or len(told) >= count, explain=lambda: told)
        assert len(told) == count, told
        return told

    def wait_for_request(self) -> dict[str, str]:
        """Wait for one further request, and return it."""
        [one] = self.wait_for_requests(1)
        return one
