"""Libraries that put one page in place of another: the client goes along."""

import json

import pytest

from ..integration.serving import ServerProcess
from .apps.libraries import MODULES
from .conftest import APPS

pytestmark = pytest.mark.skipif(
    not (MODULES / "@hotwired").exists(), reason="'make tests/js/node_modules' was not run"
)


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
def test_page_that_takes_another_s_place_is_heard_in_its_place(
    come, libraries, publisher, channel, kind
):
    """The new page's channels are heard from its rendering on, and the former's no more."""
    ada = come(libraries.url)
    ada.visit(f"/{kind}/{channel}")
    first = ada.run("realtime.connectionId")
    ada.run("window.same = true")

    ada.page.click("#next")
    ada.page.wait_for_selector(f"h1:text-is('{channel}-next')")
    ada.wait_for("(id) => realtime.connectionId !== id", first)
    ada.wait_for_state("open")
    publisher.push("former", channel)
    publisher.push("new", f"{channel}-next")
    wait_until_heard(ada, f"{channel}-next", "new")

    assert ada.run("window.same"), "It was loaded anew."
    assert ada.run("heard") == [[f"{channel}-next", "new"]]
    assert ada.run("document.body.dataset.socketConnectionId === realtime.connectionId")


def test_page_of_turbo_s_cache_goes_on_where_it_was(come, libraries, publisher, channel):
    """The back button shows the former page, which hears what it missed, once."""
    ada = come(libraries.url)
    ada.visit(f"/turbo/{channel}")
    publisher.push("before", channel)
    wait_until_heard(ada, channel, "before")
    ada.page.click("#next")
    ada.page.wait_for_selector(f"h1:text-is('{channel}-next')")
    ada.wait_for_state("open")
    publisher.push("meanwhile", channel)

    ada.page.go_back(wait_until="commit")
    ada.page.wait_for_selector(f"h1:text-is('{channel}')")
    wait_until_heard(ada, channel, "meanwhile")

    assert ada.run("heard") == [[channel, "before"], [channel, "meanwhile"]]


def test_alpine_shows_what_is_pushed(come, libraries, publisher, channel):
    """A component of Alpine's listens in x-init: void, since Alpine calls what is a function."""
    ada = come(libraries.url)
    ada.visit(f"/alpine/{channel}")

    publisher.push("hi", channel)

    ada.page.wait_for_selector("p:text-is('hi')")


def test_htmx_s_boosted_page_keeps_its_state(come, libraries, publisher, channel):
    """htmx puts the new page's content into the body that is there: the socket stays."""
    ada = come(libraries.url)
    ada.visit(f"/htmx/{channel}")
    first = ada.run("realtime.connectionId")

    ada.page.click("#next")
    ada.page.wait_for_selector(f"h1:text-is('{channel}-next')")
    publisher.push("still", channel)
    wait_until_heard(ada, channel, "still")

    assert ada.run("realtime.connectionId") == first
    ada.wait_for_state("open")
