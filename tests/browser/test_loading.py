"""How a page loads the client beside other scripts, and the client its other scripts."""

import pytest

from .answering import MAIN
from .chromium import IMPATIENT
from .kinds import READS_CONSOLE, not_in

pytestmark = pytest.mark.shares_tabs


def test_client_reads_its_own_tag_whatever_others_the_page_has(ada):
    """An earlier script of the page has the same data attributes. The client uses those of its own
    tag."""
    ada.visit("/beside-others")

    assert ada.run("realtime.call('/id').then(({ body }) => body === realtime.connectionId)")


def test_page_with_a_block_has_its_script_before_the_first_refresh(ada):
    """A page with a block loads the script for HTML at once, so that its first refresh is not
    delayed; a page without blocks does not load it."""
    ada.visit("/plain")
    assert any("/realtime.js" in name for name in loaded(ada))
    assert not any("/realtime-" in name for name in loaded(ada))

    ada.visit("/with-a-block")
    ada.wait_for("""() => performance.getEntriesByType("resource")
        .some(({ name }) => name.includes("/realtime-html.js"))""")


def loaded(person):
    """The addresses of all resources that the page has loaded."""
    return person.run("performance.getEntriesByType('resource').map(({ name }) => name)")


def test_client_leaves_the_import_map_below_it_alone(ada):
    """A module imports a name of the import map that stands below the client's tag."""
    ada.visit("/beside-others")

    ada.wait_for("() => window.imported === 'its own'")


def test_client_adds_one_global_name(ada):
    """The only global name that the client adds to a page is realtime."""
    ada.visit("/plain")

    assert ada.run("() => typeof realtime") == "object"
    # A classic script would share such names with all other scripts.
    assert ada.run("() => [typeof Client, typeof Forms, typeof connectionId]") == ["undefined"] * 3


def test_call_of_a_route_that_is_not_open_to_calls_is_made_by_http(come, start):
    """The app does not allow calls. A call is made by HTTP and gives the page its answer, and says
    whether HTTP followed a redirect."""
    with start(REALTIME_ALLOW_CALLS="false") as server:
        ada = come(server.url)
        ada.visit("/plain")

        reply = ada.run("realtime.call('/id')")
        moved = ada.run("realtime.call('/login/ada', { method: 'post', input: { a: 1 } })")

        assert reply["status"] == 200
        assert reply["body"] == ada.run("realtime.connectionId")
        assert (reply["url"], reply["redirected"]) == (f"{server.url}/id", False)
        assert (moved["url"], moved["redirected"]) == (f"{server.url}/whoami", True)
        assert reply["headers"]["Content-Type"].startswith("text/html")


@pytest.mark.parametrize("fail", [lambda route: route.abort(), lambda route: None])
def test_call_by_http_whose_script_fails_to_load_is_rejected(come, start, fail):
    """The app does not allow calls, and the network loses or delays the script that makes them by
    HTTP. The call is rejected with the name of the script, and was not sent."""
    with start(REALTIME_ALLOW_CALLS="false") as server:
        ada = come(server.url)
        ada.page.route("**/realtime-http.js*", fail)
        ada.visit("/plain")
        ada.run(IMPATIENT)

        error = ada.run(
            """realtime.call('/id', { timeout: 0 })
                .catch(({ name, message, wasSent }) => [name, message, wasSent])"""
        )

        script = f"realtime: {server.url}/_realtime/static/realtime-http.js"
        assert error[::2] == ["RealtimeInterrupted", False]
        assert error[1].startswith(script) and error[1].endswith(" cannot be loaded.")
    ada.forgive("Failed to load resource", "WebSocket connection to", script)


def test_part_of_a_page_is_answered_though_the_script_for_changes_never_comes(come, site):
    """A page waits for the script that makes its first change. The answer to a form with a target
    waits for that change, but not for ever: the page is told that the change is lost."""
    site.show(MAIN, channel="news")
    site.answer("a", body="<b>answer</b>")
    person = come(site.url)
    held = []
    person.page.route("**/realtime-html.js*", lambda route: held.append(route))
    person.visit("/page")
    person.run(IMPATIENT)
    person.run(
        """() => addEventListener("realtime:lost", (event) => {
            event.preventDefault();
            window.lost = event.detail.channels;
        })"""
    )
    site.update("older", "news")
    person.wait_until(lambda: held)

    person.click("#put")

    person.wait_for("() => document.querySelector('#here').textContent === 'answer'")
    assert person.run("lost") == ["news"]
    script = f"realtime: {site.url}/_realtime/static/realtime-html.js"
    assert not READS_CONSOLE or any(error.startswith(script) for error in person.errors)
    person.forgive(script)


def test_module_that_awaits_something_first_misses_nothing(ada, publisher, channel):
    """A module awaits something before it adds its listener. Pushes that arrive before that are
    kept for it."""
    ada.visit(f"/awaits/{channel}")

    publisher.push("early", channel)

    ada.wait_for("() => heard.includes('early')")


@pytest.mark.parametrize(
    "script", ["const performance = 'a play'", "var performance = {}", "var Event = {}"]
)
def test_page_has_its_client_though_a_variable_hides_the_browser_s_times(come, site, script):
    """A script of the page has a variable named performance, or one named Event, as calendars have.
    The page has its socket, its form is sent over it, and its block is refreshed."""
    block = "<p data-realtime-block=main data-realtime-on=news data-realtime-url=/echo/block></p>"
    site.answer("block", page="{% block main %}<i id=new>new</i>{% endblock %}")
    site.answer("a", body="<b>answer</b>")
    site.show(f"<script>{script}</script>{MAIN}{block}", channel="news")
    person = come(site.url)
    person.visit("/page", is_open=False)
    person.wait_until_there("body[data-realtime-state=open]")

    site.refresh("news")
    person.wait_until_shown("#new")
    person.click("#put")

    person.wait_for("() => document.querySelector('#here').textContent === 'answer'")


HIDES_ALL = """<script>{
    const isHidable = (name) => Object.getOwnPropertyDescriptor(window, name).configurable;
    const script = document.createElement("script");
    script.text = `let ${Object.getOwnPropertyNames(window).filter(isHidable)}`;
    document.head.append(script);
}</script>"""


@not_in("webkit", "its driver is stuck in a page with such names, whether or not it has a client")
@pytest.mark.parametrize("part", ["head", "main"])
def test_page_has_its_client_though_its_scripts_declare_the_names_of_the_browser(come, site, part):
    """A script of the page, above or below the client's tag, has a variable or class of its own by
    each name that the browser has, such as Map. The page has its socket, its form is sent over it,
    its block is refreshed, and its HTML changes."""
    block = "<p data-realtime-block=main data-realtime-on=news data-realtime-url=/echo/block></p>"
    site.answer("block", page="{% block main %}<i id=new>new</i>{% endblock %}")
    site.answer("a", body="<b>answer</b>")
    parts = {"head": "", "main": ""} | {part: HIDES_ALL}
    site.show(f"{parts['main']}{MAIN}{block}<p id=part></p>", head=parts["head"], channel="news")
    page = come(site.url).page
    page.goto(f"{site.url}/page")
    page.wait_for_selector("body[data-realtime-state=open]", state="attached")

    site.refresh("news")
    page.wait_for_selector("#new")
    site.update("<b>pushed</b>", "news", "#part")
    page.wait_for_selector("#part b")
    page.click("#put")

    page.wait_for_selector("#here b")
