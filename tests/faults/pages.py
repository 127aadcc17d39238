"""A page of the app, as its views and its socket know it."""

import pytest


def acts_as(page):
    """What makes a request one of *page*'s."""
    return {"X-Realtime-Connection-Id": page}


def channels(browser, page):
    return browser.get("/channels", headers=acts_as(page)).json()


def heard_until(socket, last):
    """Payloads up to *last*, and ``(channel, "lost")`` where the page was told so."""
    heard = []
    while not heard or heard[-1] != last:
        try:
            message = socket.push()
        except TimeoutError:
            pytest.fail(f"{last} did not come; what came: {heard}")
        heard.append((message["channel"], "lost") if message.get("lost") else message["payload"])
    return heard


def said(socket, count):
    """The next payloads, sorted: of several channels none waits for another."""
    heard = []
    while len(heard) < count:
        message = socket.push()
        if not message.get("lost"):
            heard.append(message["payload"])
    return sorted(heard)
