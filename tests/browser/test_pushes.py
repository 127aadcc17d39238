"""Pages in a real browser receive pushes."""

import pytest
import redis

from .chromium import LEAVE_AND_RETURN

pytestmark = pytest.mark.shares_tabs


def test_push_reaches_two_people_in_order(come, server, publisher, channel):
    """Two people in two sessions receive the same messages, in the order of the pushes."""
    ada, ben = come(server.url), come(server.url)
    for person in (ada, ben):
        person.visit(f"/on/{channel}")

    publisher.push_many([(number, channel) for number in range(100)])

    for person in (ada, ben):
        person.wait_until_heard(99)
        assert person.run("heard") == list(range(100))


def test_message_pushed_before_the_scripts_have_run_is_heard(ada, publisher, channel):
    """A module adds a listener after the page has loaded. The listener gets every message since the
    page was rendered."""

    def push_first(route):
        publisher.push("early", channel)
        route.continue_()

    ada.page.route("**/realtime.js*", push_first)

    ada.visit(f"/on/{channel}")

    ada.wait_until_heard("early")


def test_script_that_comes_when_the_page_is_there_connects_it(ada):
    """A script adds realtime_script()'s tag to a loaded page, and the page connects."""
    ada.visit("/late", is_open=False)

    ada.run(
        """() => {
            const written = document.querySelector("template").content.querySelector("script");
            const script = document.createElement("script");
            script.nonce = written.nonce;
            for (const { name, value } of written.attributes) script.setAttribute(name, value);
            document.body.append(script);
        }"""
    )

    ada.wait_until_open()


def test_page_that_was_never_subscribed_is_left_alone(ada):
    """A page without channels opens a socket, and never reloads."""
    ada.visit("/plain")

    assert ada.run("realtime.call('/id').then(({ body }) => body === realtime.connectionId)")
    assert ada.run("events.map(([name]) => name)") == ["open"]


def test_fetch_acts_on_the_page_that_fetches(ada):
    """A request by realtime.fetch subscribes the page that sent it."""
    ada.visit("/plain")

    named = ada.run("realtime.fetch('/id').then((response) => response.text())")

    assert named == ada.run("document.body.dataset.socketConnectionId")


def test_page_that_left_a_channel_does_not_reload_for_it(ada, publisher, channel):
    """A page was unsubscribed from a channel and reconnects. It does not reload for the messages of
    that channel."""
    ada.visit(f"/on/{channel}")
    publisher.push("before", channel)
    ada.wait_until_heard("before")

    assert ada.run(f"realtime.call('/leave/{channel}', {{ method: 'post' }})")["status"] == 204
    ada.run(f"realtime.off('{channel}')")
    ada.run(LEAVE_AND_RETURN)
    ada.wait_for("() => events.length === 3")

    assert ada.run("events.map(([name]) => name)") == ["open", "close", "open"]


def test_page_that_is_forgotten_reloads_and_goes_on(ada, publisher, channel, redis_url):
    """Redis has lost the page's data. The page reloads, and receives pushes again."""
    ada.visit(f"/on/{channel}")
    publisher.push("before", channel)
    ada.wait_until_heard("before")
    with redis.Redis.from_url(redis_url) as client:
        client.flushall()

    with ada.page.expect_navigation():
        ada.run(LEAVE_AND_RETURN)
    ada.wait_until_open()
    publisher.push("after", channel)

    ada.wait_until_heard("after")
    assert ada.run("heard") == ["after"]


def test_log_out_ends_the_socket_for_good(ada, channel):
    """The app calls disconnect(everywhere=True). The page's socket closes, and the page does not
    reconnect."""
    ada.visit(f"/on/{channel}")

    ada.run("fetch('/disconnect', { method: 'POST' })")
    ada.wait_for_state("closed")

    name, detail = ada.run("events.at(-1)")
    assert (name, detail["code"], detail["state"]) == ("close", 1000, "closed")
    assert ada.run("realtime.call('/id').catch(({ name }) => name)") == "RealtimeClosed"
