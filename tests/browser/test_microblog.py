"""A microblog: a badge with the number of unread messages, and a page with all posts."""

import pytest
from playwright.sync_api import expect

from ..integration.conftest import unexpected_tracebacks
from .chromium import wait_until_open

pytestmark = pytest.mark.shares_tabs


@pytest.fixture(scope="module")
def microblog(serve):
    with serve("microblog") as server:
        yield server.url
        log = server.log()
    assert unexpected_tracebacks(log) == []


@pytest.fixture
def people(come, microblog, channel):
    """A function that logs in a person with a name that no other test uses."""

    def enter(name):
        person = come(microblog)
        person.name = f"{name}-{channel}"
        person.visit(f"/login/{person.name}")
        return person

    return enter


def write(person, to, text):
    reply = person.run(
        "([to, text]) => realtime.call('/messages', { method: 'post', input: { to, text } })",
        [to.name, text],
    )
    assert reply["status"] == 204


def post(person, text):
    reply = person.run(
        "(text) => realtime.call('/posts', { method: 'post', input: { text } })", text
    )
    assert reply["status"] == 204


def expect_badge(page, count):
    expect(page.locator("#badge")).to_have_text(str(count))


def test_badge_counts_unread_messages_on_all_pages_of_their_reader_alone(people):
    """A person gets a private message. All pages and tabs of that person show the new number
    without a reload, and pages of others do not change."""
    ada, ben = people("ada"), people("ben")
    other = ada.context.new_page()
    other.goto(f"{ada.url}/profile")
    wait_until_open(other)

    write(ben, ada, "hi")
    write(ben, ada, "are you there?")
    expect_badge(ada.page, 2)
    expect_badge(other, 2)
    ada.visit("/profile")
    expect_badge(ada.page, 2)
    ada.visit("/messages")

    expect_badge(ada.page, 0)
    expect_badge(other, 0)
    expect_badge(ben.page, 0)


def test_badge_is_right_after_an_outage_of_the_network(people):
    """A message arrives while its reader is offline. The badge counts it when the network is
    back."""
    ada, ben = people("ada"), people("ben")
    ada.go_offline()
    write(ben, ada, "hi")

    ada.context.set_offline(False)

    expect_badge(ada.page, 1)
    ada.forgive("Failed to load resource", "WebSocket connection")


def test_post_appears_once_on_every_explore_page(people, channel):
    """A post appears once on pages that are open (by a push) and on pages that are loaded later. A
    post whose transaction is rolled back appears on none."""
    ada, ben = people("ada"), people("ben")

    post(ben, "nothing")
    post(ben, f"first {channel}")
    post(ada, f"second {channel}")

    later = people("eve")
    for person in (ada, ben, later):
        own = person.page.locator("#posts li", has_text=channel)
        expect(own).to_have_text([f"first {channel}", f"second {channel}"])
        assert person.page.locator("#posts li", has_text="nothing").count() == 0


def test_page_of_one_who_logged_out_hears_nothing_more(people):
    """A person logs out in another tab. The page receives no further pushes, and reloads to the
    log-in page."""
    ada, ben = people("ada"), people("ben")
    other = ada.context.new_page()

    other.goto(f"{ada.url}/logout")
    ada.page.wait_for_selector("text=Who are you?")
    write(ben, ada, "still there?")

    again = ada.context.new_page()
    again.goto(f"{ada.url}/login/{ada.name}")
    expect_badge(again, 1)
