"""A page that is about to be reloaded lets its visitor leave for another page, however slowly that
page answers."""

import pytest

from .answering import INTO, send_form, visit_form
from .chromium import wait_until_open
from .kinds import NAME
from .test_log_in_over_the_socket import (  # noqa: F401
    LONGER_THAN_A_PAGE_WAITS,
    Post,
    accounts,
    ada,
    wait_for,
)

pytestmark = pytest.mark.shares_tabs

# Keeps the end of the page's sockets from the page until the browser has begun to leave the page.
HOLD_ENDS = """(() => {
    let { prototype } = WebSocket;
    // Where the tests note the frames of sockets, the page's WebSocket is a subclass.
    while (!Object.hasOwn(prototype, "onclose")) prototype = Object.getPrototypeOf(prototype);
    const { set } = Object.getOwnPropertyDescriptor(prototype, "onclose");
    const isLeft = new Promise((resolve) => {
        addEventListener("beforeunload", () => setTimeout(resolve));
    });
    Object.defineProperty(prototype, "onclose", {
        set(act) { set.call(this, act && ((event) => isLeft.then(() => act(event)))); },
    });
})();"""


# Shows the page of an address in this document, as Turbo does.
TURN = """async (address) => {
    const html = await (await fetch(address)).text();
    const { body } = new DOMParser().parseFromString(html, "text/html");
    history.pushState(null, "", "?other");
    document.body.replaceWith(document.adoptNode(body));
}"""
# Takes the Navigation API away, which older browsers do not have.
BE_OLD = "Object.defineProperty(window, 'navigation', { value: undefined });"


# Each way to log in leads to the same end of the page's sockets.
on_an_app_with_accounts = pytest.mark.parametrize(
    "accounts", ["session", pytest.param("flask-login", marks=pytest.mark.long)], indirect=True
)


@on_an_app_with_accounts
@pytest.mark.parametrize("is_old", [False, True])
def test_log_in_leads_on_though_the_session_changes_on_the_way(ada, is_old):  # noqa: F811
    """A visitor logs in and is led to a slow page. The end of the socket, after which the page is
    to be reloaded, comes when the browser has already asked for that page."""
    ada.page.add_init_script(HOLD_ENDS + BE_OLD * is_old)
    ada.visit("/")
    post = Post(ada, "/account")

    ada.click("#in-account")
    post.deliver()

    ada.page.wait_for_url("**/account")
    wait_for(ada.page, "ada")


@on_an_app_with_accounts
@pytest.mark.parametrize(
    "clicked, path, is_old",
    [
        ("#over-the-socket", "/account", True),
        ("#order", "/order", True),
        ("#plain", "/account", False),
        ("#plain", "/account", True),
    ],
)
def test_visitor_gets_away_though_the_session_changes_on_the_way(ada, clicked, path, is_old):  # noqa: F811
    """A visitor has two tabs, and leaves the page of one for a slow page: by a link with or without
    data-realtime, or by a form that the browser has to send. Meanwhile the visitor logs in on the
    other tab."""
    if is_old:
        ada.page.add_init_script(BE_OLD)
        ada.visit("/")
    other = ada.context.new_page()
    other.goto(ada.url)
    wait_for(other, "nobody")
    post = Post(ada, path)
    ada.click(clicked)
    post.wait()

    other.click("#in-")
    wait_for(other, "ada")
    post.deliver()

    # Not who the page is for: Firefox takes the cookies before the test holds the request back.
    ada.page.wait_for_url(f"**{path}")


def test_visitor_gets_back_though_the_page_is_to_be_reloaded(come, site):
    """A visitor goes back from the page that answered a form to the page with the form, which comes
    slowly, while the app reloads its pages."""
    site.answer("a")
    person = visit_form(come, site, channel="news")
    person.page.add_init_script(BE_OLD)
    person.visit("/page")
    send_form(person)
    post = Post(person, "/page")
    person.run("history.back()")
    post.wait()

    site.reload("news")
    post.deliver()

    person.wait_for("() => document.title === 'page'")
    assert person.run("performance.getEntriesByType('navigation')[0].type") == "navigate"


def stop(person):
    """Stop what the tab is loading, as the Escape key does."""
    if NAME == "chromium":
        # A script cannot stop a navigation there once it has begun.
        person.context.new_cdp_session(person.page).send("Page.stopLoading")
    else:
        person.run("() => window.stop()")


@pytest.mark.parametrize(
    "way",
    [
        "<a id=slow href=/echo/b>slow</a>",
        "<form method=post action=/echo/b><button id=slow>slow</button></form>",
    ],
)
def test_visitor_who_stops_on_the_way_stays_on_a_page_that_works(come, site, way):
    """A visitor leaves for a slow page and presses Escape. The page stays, shows what is pushed,
    and sends its forms over the socket."""
    person = visit_form(come, site, main=f"{way}<p id=here>before</p>", channel="news")
    site.answer("a")
    site.answer("b", is_held=True)
    person.click("#slow")
    site.wait_for_request()

    stop(person)
    person.wait_until_open()
    site.update("<b>pushed</b>", "news")
    person.wait_until_reads("b", "pushed")
    send_form(person)
    site.release()

    assert person.run("window.isTheSame")
    assert {one["by"] for one in site.told()} == {"socket"}


def test_reload_waits_for_the_answer_to_a_form(come, site):
    """The app reloads its pages while a visitor's form waits for its answer. The answer is shown,
    where a reload would have lost it."""
    person = visit_form(come, site, channel="news")
    site.answer("a", is_held=True, status=302, headers={"Location": "/echo/b"}, body="")
    person.click("#go")
    site.wait_for_request()

    site.reload("news")
    person.wait_for_state("stale")
    person.page.wait_for_timeout(LONGER_THAN_A_PAGE_WAITS)
    site.release()

    person.page.wait_for_url("**/echo/b#there")
    wait_until_open(person.page)


@pytest.mark.parametrize(
    "source",
    [
        "<a id=go href=/echo/a data-realtime>go</a>",
        "<form action=/echo/a data-realtime><button id=go>go</button></form>",
        f"<a id=go href=/echo/a {INTO}>go</a>",
    ],
)
def test_visitor_who_has_gone_on_is_not_led_back_by_an_older_visit(come, site, source):
    """A visitor follows a slow link, or sends a slow form, and goes on to another page, which a
    library such as Turbo shows. The answer is for the former page, so it leaves the other as it
    is."""
    site.show(f"{source}<p id=here>first</p>", channel="news")
    site.answer("a", body="late", is_held=True)
    person = come(site.url)
    person.visit("/page")
    person.click("#go")
    site.wait_for_request()
    site.show("<p id=here>other</p>", channel="others")
    first = person.run("realtime.connectionId")

    person.run(TURN, "/page")
    person.wait_for("(id) => realtime.connectionId !== id", first)
    person.wait_until_open()
    person.run("() => { addEventListener('realtime:reply', () => (window.isTold = true)); }")
    site.release()
    person.wait_for("() => window.isTold")
    person.run("realtime.call('/echo/b')")

    assert person.page.url.endswith("/page?other")
    assert person.text("#here") == "other"
