"""Helpers for tests about one page: its headers, its channels, what it hears."""

import pytest


def acts_as(page):
    """Return the header that makes a request one of *page*."""
    return {"X-Realtime-Connection-Id": page}


def channels(browser, page):
    """Return the channels to which *page* is subscribed, as the app says."""
    return browser.get("/channels", headers=acts_as(page)).json()


def heard_until(socket, last):
    """Return the payloads that come up to *last*, with ``(channel, "lost")`` for each lost
    message."""
    heard = []
    while not heard or heard[-1] != last:
        try:
            message = socket.push()
        except TimeoutError:
            pytest.fail(f"{last} did not come; what came: {heard}")
        heard.append((message["channel"], "lost") if message.get("lost") else message["payload"])
    return heard


def said(socket, count):
    """Return the next *count* payloads, sorted, since channels do not wait for each other."""
    heard = []
    while len(heard) < count:
        message = socket.push()
        if not message.get("lost"):
            heard.append(message["payload"])
    return sorted(heard)
