"""Pages whose other scripts take from the client what it needs of the browser."""

import pytest

from .answering import MAIN
from .kinds import reads_console

# As Prototype 1.6 does.
ARRAYS_AS_TEXTS = """Array.prototype.toJSON = function () {
    return `[${this.map((one) => JSON.stringify(one)).join(", ")}]`;
};"""
STOPS_EVENTS = """for (const target of [window, document]) {
    for (const type of ["DOMContentLoaded", "load", "pageshow"]) {
        target.addEventListener(type, (event) => event.stopImmediatePropagation(), true);
    }
}"""


@pytest.mark.parametrize("script", [ARRAYS_AS_TEXTS, STOPS_EVENTS], ids=["arrays", "events"])
def test_page_has_its_client_though_a_script_is_in_its_way(come, site, script):
    """A script changes how arrays are written, or keeps the events of the page's loading to itself.
    The page has its socket, and its form is sent over it, with all of its fields."""
    site.answer("a", body="<b>answer</b>")
    site.show(MAIN, head=f"<script>{script}</script>", channel="news")
    page = come(site.url).page
    page.goto(f"{site.url}/page")
    page.wait_for_selector("body[data-realtime-state=open]", state="attached")

    page.fill("#field", "typed")
    page.click("#put")

    page.wait_for_selector("#here b")
    told = site.wait_for_request()
    assert (told["by"], told["body"]) == ("socket", "text=typed")


@reads_console
@pytest.mark.parametrize("script", ["var WebSocket = 'a variable'", "function WebSocket() {}"])
def test_page_says_what_is_in_the_place_of_its_sockets(come, site, script):
    """A script has a variable or function named WebSocket. The page has no socket, and the console
    names what is missing, also where the app is not in debug mode."""
    site.show(MAIN, head=f"<script>{script}</script>", channel="news")
    person = come(site.url)
    person.page.goto(f"{site.url}/page")

    person.wait_until(lambda: person.errors)

    assert person.errors[0].startswith("realtime: no WebSocket: ")
    person.forgive("realtime: no WebSocket: ")


@reads_console
def test_page_says_that_something_is_in_the_place_of_fetch(come, site):
    """A script has a variable named fetch. The page has its socket, and the console says what is
    missing to its calls by HTTP, also where the app is not in debug mode."""
    site.show(MAIN, head="<script>var fetch = 'a variable'</script>", channel="news")
    person = come(site.url)
    person.page.goto(f"{site.url}/page")
    person.page.wait_for_selector("body[data-realtime-state=open]", state="attached")

    person.wait_until(lambda: person.errors)

    assert person.errors[0] == "realtime: no fetch"
    person.forgive("realtime: no fetch")
