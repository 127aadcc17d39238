"""Turbo, htmx, Unpoly and Alpine beside the client: pages that replace each other without a
navigation."""

import json

import pytest
from markupsafe import Markup

from ..integration.serving import ServerProcess
from .apps.libraries import MODULES
from .conftest import APPS
from .test_log_in_over_the_socket import Post
from .test_reloading import POST

pytestmark = [
    pytest.mark.shares_tabs,
    pytest.mark.skipif(
        not (MODULES / "htmx4").exists(), reason="'make tests/js/node_modules' was not run"
    ),
]


@pytest.fixture(scope="module")
def libraries(redis_url):
    environ = {
        "REALTIME_REDIS": json.dumps(redis_url),
        "REALTIME_REDIS_PREFIX": json.dumps("browser"),
    }
    with ServerProcess("gevent", "libraries:app", folder=APPS, **environ) as server:
        yield server


def wait_until_heard(person, channel, payload):
    person.wait_for(
        "(one) => JSON.stringify(heard).includes(JSON.stringify(one))", [channel, payload]
    )


@pytest.mark.parametrize("kind", ["turbo", "unpoly"])
def test_page_of_a_followed_link_hears_its_own_channels(come, libraries, publisher, channel, kind):
    """A library shows the page of a link without a navigation. The page receives pushes on its own
    channels from its rendering on, and none on the former page's channels."""
    ada = come(libraries.url)
    ada.visit(f"/{kind}/{channel}")
    first = ada.run("realtime.connectionId")
    ada.run("window.same = true")

    ada.click("#next")
    ada.wait_until_reads("h1", f"{channel}-next")
    ada.wait_for("(id) => realtime.connectionId !== id", first)
    ada.wait_until_open()
    publisher.push("former", channel)
    publisher.push("new", f"{channel}-next")
    wait_until_heard(ada, f"{channel}-next", "new")

    assert ada.run("window.same"), "It was loaded anew."
    assert ada.run("heard") == [[f"{channel}-next", "new"]]
    assert ada.run("document.body.dataset.socketConnectionId === realtime.connectionId")


@pytest.mark.parametrize("kind", ["turbo", "unpoly"])
def test_visitor_gets_to_a_slow_page_though_the_former_is_to_be_reloaded(
    come, libraries, publisher, channel, kind
):
    """A library fetches the page of a link, which comes slowly. Meanwhile the app reloads the page
    that the visitor leaves."""
    ada = come(libraries.url)
    # Turbo may fetch the page as soon as it is shown, where the pointer happens to be on the link.
    post = Post(ada, f"/{channel}-next")
    ada.visit(f"/{kind}/{channel}")
    ada.run("window.same = true")
    ada.click("#next")
    post.wait()

    publisher.to(channel).reload()
    ada.wait_for_state("stale")
    post.deliver()

    ada.wait_until_reads("h1", f"{channel}-next")
    ada.wait_until_open()
    assert ada.run("window.same"), "It was loaded anew."


def test_page_of_turbo_s_cache_goes_on_where_it_was(come, libraries, publisher, channel):
    """The back button shows a page of Turbo's cache, which receives what it has missed, once."""
    ada = come(libraries.url)
    ada.visit(f"/turbo/{channel}")
    publisher.push("before", channel)
    wait_until_heard(ada, channel, "before")
    ada.click("#next")
    ada.wait_until_reads("h1", f"{channel}-next")
    ada.wait_until_open()
    publisher.push("meanwhile", channel)

    ada.page.go_back(wait_until="commit")
    ada.wait_until_reads("h1", f"{channel}")
    wait_until_heard(ada, channel, "meanwhile")

    assert ada.run("heard") == [[channel, "before"], [channel, "meanwhile"]]


def test_alpine_shows_what_is_pushed(come, libraries, publisher, channel):
    """An Alpine component shows pushes; it calls realtime.on in x-init behind void, because Alpine
    would call a returned function."""
    ada = come(libraries.url)
    ada.visit(f"/alpine/{channel}")

    publisher.push("hi", channel)

    ada.wait_until_reads("p", "hi")


def test_htmx_s_boosted_page_keeps_its_state(come, libraries, publisher, channel):
    """htmx puts the content of a boosted page into the present body. The socket stays open, and so
    does the page's state."""
    ada = come(libraries.url)
    ada.visit(f"/htmx/{channel}")
    first = ada.run("realtime.connectionId")

    ada.click("#next")
    ada.wait_until_reads("h1", f"{channel}-next")
    publisher.push("still", channel)
    wait_until_heard(ada, channel, "still")

    assert ada.run("realtime.connectionId") == first
    ada.wait_until_open()


HTMX = pytest.mark.parametrize("kind", ["htmx", "htmx4"])
ASKING = 'hx-get="/answer?channel={channel}" hx-target="#answer"'


def wait_for_text(person, selector, text):
    person.wait_for(
        "([selector, text]) => document.querySelector(selector)?.textContent === text",
        [selector, text],
    )


@HTMX
def test_htmx_button_of_a_fragment_works_and_names_its_page(
    come, libraries, publisher, channel, kind
):
    """A fragment brings a button with hx-get. The button's request names the page, so that
    include_self=False can leave the page out."""
    ada, ben = come(libraries.url), come(libraries.url)
    for person in (ada, ben):
        person.visit(f"/{kind}/live/{channel}")
    button = f"<button id=new {ASKING.format(channel=channel)}>ask</button>"

    publisher.to(channel).append("#place", html=Markup(button))
    ada.click("#new")
    wait_for_text(ada, "#answer", ada.run("realtime.connectionId"))
    wait_until_heard(ben, channel, "asked")
    publisher.push("all", channel)
    wait_until_heard(ada, channel, "all")

    assert ada.run("heard") == [[channel, "all"]]


@HTMX
def test_htmx_button_of_a_refreshed_block_works(come, libraries, publisher, channel, kind):
    """A refreshed block has a new button with hx-get, which works like the first one."""
    ada = come(libraries.url)
    ada.visit(f"/{kind}/live/{channel}")
    before = ada.run("document.querySelector('#in-block').textContent")

    publisher.to(channel).refresh()
    ada.wait_for("(before) => document.querySelector('#in-block').textContent !== before", before)
    ada.click("#in-block")

    wait_for_text(ada, "#answer", ada.run("realtime.connectionId"))


@pytest.mark.parametrize("kind", ["turbo", "unpoly", "htmx", "htmx4"])
def test_block_of_a_page_that_is_shown_after_a_posted_one_is_refreshed(
    come, libraries, publisher, channel, kind
):
    """A page answers a POST, and a library shows the page of a link in its place, which came by a
    GET. The blocks of that page are refreshed, as those of any other."""
    ada = come(libraries.url)
    ada.visit(f"/{kind}/{channel}")
    with ada.page.expect_navigation():
        ada.run(POST, f"{ada.url}/{kind}/live/{channel}")
    ada.wait_until_open()
    ada.run("window.same = true")
    ada.click("#next")
    ada.wait_until_reads("h1", f"{channel}-next")
    ada.wait_until_open()
    before = ada.run("document.querySelector('#in-block').textContent")

    publisher.to(f"{channel}-next").refresh()

    ada.wait_for("(before) => document.querySelector('#in-block').textContent !== before", before)
    assert ada.run("window.same"), "It was loaded anew."


@HTMX
def test_boosted_visit_leaves_the_former_view_s_channels(come, libraries, publisher, channel, kind):
    """A boosted link shows another view on the same page and socket. The page receives the pushes
    of the new view's channels, and is told which channels it has left."""
    ada = come(libraries.url)
    ada.visit(f"/{kind}/live/{channel}")
    first = ada.run("realtime.connectionId")
    ada.run("window.same = true")

    ada.click("#next")
    ada.wait_until_reads("h1", f"{channel}-next")
    ada.wait_for_frame('"left":')
    publisher.push("former", channel)
    publisher.to(f"{channel}-next").append("#place", html="by a fragment")
    publisher.push("new", f"{channel}-next")
    wait_until_heard(ada, f"{channel}-next", "new")

    assert ada.run("window.same"), "It was loaded anew."
    assert ada.run("realtime.connectionId") == first
    assert ada.run("heard") == [[f"{channel}-next", "new"]]
    wait_for_text(ada, "#place", "by a fragment")


def test_alpine_components_of_fragments_and_blocks_start(come, libraries, publisher, channel):
    """Alpine components that arrive in a fragment or a refreshed block start."""
    ada = come(libraries.url)
    ada.visit(f"/alpine/live/{channel}")
    wait_for_text(
        ada, "#component", str(1 + int(ada.run("document.querySelector('#in-block').textContent")))
    )
    before = ada.run("document.querySelector('#component').textContent")
    component = Markup("<p id=new x-data='{ one: 1 }' x-text='one + 1'></p>")

    publisher.to(channel).append("#place", html=component)
    publisher.to(channel).refresh()

    wait_for_text(ada, "#new", "2")
    ada.wait_for(
        """(before) => { const { textContent } = document.querySelector("#component");
            return textContent && textContent !== before; }""",
        before,
    )


def test_turbo_follows_a_link_that_a_fragment_brings(come, libraries, publisher, channel):
    """Turbo follows a link of a fragment. The next page has its own id, and receives pushes on its
    own channels only."""
    ada = come(libraries.url)
    ada.visit(f"/turbo/live/{channel}")
    first = ada.run("realtime.connectionId")
    ada.run("window.same = true")
    link = Markup(f"<a id=new href='/turbo/live/{channel}-next'>there</a>")

    publisher.to(channel).append("#place", html=link)
    ada.click("#new")
    ada.wait_until_reads("h1", f"{channel}-next")
    ada.wait_for("(id) => realtime.connectionId !== id", first)
    ada.wait_until_open()
    publisher.push("former", channel)
    publisher.to(f"{channel}-next").update("#place", html="by a fragment")
    publisher.push("new", f"{channel}-next")
    wait_until_heard(ada, f"{channel}-next", "new")

    assert ada.run("window.same"), "It was loaded anew."
    assert ada.run("heard") == [[f"{channel}-next", "new"]]
    wait_for_text(ada, "#place", "by a fragment")
