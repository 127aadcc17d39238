"""The app ``shapes``, as a test speaks to it beside the browser."""

from __future__ import annotations

import requests

from tests.eventually import DEADLINE, eventually


class Site:
    """One server whose pages and answers a test sets, and which tells what it was sent."""

    def __init__(self, url: str) -> None:
        self.url = url
        requests.delete(f"{url}/answers", timeout=DEADLINE)

    def show(self, main: str = "", **page: object) -> None:
        """Have ``/page`` hold *main*."""
        self.answer("page", main=main, **page)

    def answer(self, name: str, **answer: object) -> None:
        """Have ``/echo/NAME`` answer a page of these parts, or a body, a status, headers."""
        put = requests.put(f"{self.url}/answers/{name}", json=answer, timeout=DEADLINE)
        assert put.status_code == 204

    def release(self) -> None:
        """Have those answered that are held."""
        requests.post(f"{self.url}/release", timeout=DEADLINE)

    def push(self, message: object, channel: str) -> None:
        """Have it push *message*."""
        requests.post(f"{self.url}/push/{channel}", json=message, timeout=DEADLINE)

    def update(self, html: str, channel: str, target: str = "#here") -> None:
        """Have it put *html* into *target* of the pages on *channel*."""
        requests.post(
            f"{self.url}/update/{channel}", params={"target": target}, json=html, timeout=DEADLINE
        )

    def told(self) -> list[dict[str, str]]:
        """What it was sent since it was asked last."""
        return requests.get(f"{self.url}/requests", timeout=DEADLINE).json()

    def wait_for_requests(self, count: int) -> list[dict[str, str]]:
        """The next *count* of them, in order."""
        told: list[dict[str, str]] = []
        eventually(lambda: told.extend(self.told()) or len(told) >= count, explain=lambda: told)
        assert len(told) == count, told
        return told

    def wait_for_request(self) -> dict[str, str]:
        """The one that it was sent, once it was."""
        [one] = self.wait_for_requests(1)
        return one
