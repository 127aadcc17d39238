"""A server changes the HTML of pages in a real browser."""

import json

import pytest

from flask_realtime import Publisher

from ..eventually import DEADLINE
from ..integration.serving import ServerProcess
from .conftest import APPS
from .kinds import READS_CONSOLE

pytestmark = pytest.mark.shares_tabs


@pytest.fixture(scope="module")
def seen(tmp_path_factory):
    """A file that the page's view shows, as other views show a database."""
    return tmp_path_factory.mktemp("seen") / "seen"


@pytest.fixture(scope="module")
def html_server(redis_url, seen):
    environ = {
        "REALTIME_REDIS": json.dumps(redis_url),
        "REALTIME_REDIS_PREFIX": json.dumps("html"),
        "REALTIME_DRAIN_SECONDS": json.dumps(0.5),
        "SEEN": str(seen),
    }
    with ServerProcess("gevent", "html_pages:app", workers=2, folder=APPS, **environ) as server:
        yield server


@pytest.fixture
def enter(come, html_server, channel):
    """A function that opens the room of the test for a person with a name."""

    def enter(name):
        person = come(html_server.url)
        person.visit(f"/as/{name}/{channel}")
        return person

    return enter


@pytest.fixture
def ada(enter):
    return enter("ada")


@pytest.fixture
def change(channel):
    """A function that makes a person's page ask the app for a change of the HTML."""

    def change(person, action, target=None, **options):
        asked = {"action": action, "target": target, **options}
        asked = {key: value for key, value in asked.items() if value is not None}
        status = person.run(
            """([channel, asked]) => realtime.fetch(`/rooms/${channel}`, {
                method: "POST", body: JSON.stringify(asked),
                headers: { "Content-Type": "application/json" } }).then(({ status }) => status)""",
            [channel, asked],
        )
        assert status == 200

    return change


def texts(person, selector):
    return person.run(
        "selector => [...document.querySelectorAll(selector)].map((one) => one.textContent)",
        selector,
    )


def wait_for_texts(person, selector, expected):
    person.wait_for(
        """([selector, expected]) => JSON.stringify([...document.querySelectorAll(selector)]
            .map((one) => one.textContent)) === expected""",
        [selector, json.dumps(expected, separators=(",", ":"))],
    )


def test_fragments_change_every_page_in_order(enter, change):
    """Two people have the same page open, and see all changes, each once and in order."""
    ada, ben = enter("ada"), enter("ben")

    for number in range(1, 6):
        change(ada, "append", "#messages", html=f"<li id=m{number}>{number}</li>")
    change(ada, "prepend", "#messages", html="<li>top</li>")
    change(ada, "before", "#m3", html="<li>before</li>")
    change(ada, "after", "#m3", html="<li>after</li>")
    change(ada, "remove", "#m4")
    change(ada, "update", ".count", html="<b>5</b>")

    for person in (ada, ben):
        wait_for_texts(person, ".count b", ["5", "5"])
        expected = ["top", "first", "1", "2", "before", "3", "after", "5"]
        assert texts(person, "#messages li") == expected


def test_element_that_the_page_has_is_replaced(ada, change):
    """A fragment appends an element with an id that the page already has. The page shows it
    once."""
    change(ada, "append", "#messages", html="<li id=m0>first, edited</li><li id=m1>new</li>")

    wait_for_texts(ada, "#messages li", ["first, edited", "new"])


def test_several_changes_come_at_once(ada, change):
    """Changes made in one with block arrive as one message, with one realtime:html event."""
    change(
        ada,
        "append",
        "#messages",
        html="<li>1</li>",
        then=[{"action": "update", "target": ".count", "html": "1"}],
    )

    wait_for_texts(ada, ".count", ["1", "1"])
    assert texts(ada, "#messages li") == ["first", "1"]
    (event,) = ada.run("events.filter(([name]) => name === 'html')")
    assert [one["action"] for one in event[1]["fragments"]] == ["append", "update"]


def test_bad_fragment_spoils_no_other(come, html_server, channel, change):
    """One of several fragments has an invalid selector. The console names it, and the others
    work."""
    ada = come(html_server.url)
    ada.visit(f"/as/ada/{channel}")

    change(
        ada,
        "update",
        "###",
        html="x",
        then=[
            {"action": "update", "target": "#nothing", "html": "x"},
            {"action": "update", "target": ".count", "html": "1"},
        ],
    )

    wait_for_texts(ada, ".count", ["1", "1"])
    said = ["realtime: a fragment's target is not a CSS selector: ###"]
    assert ada.errors == said or not READS_CONSOLE
    ada.errors.clear()


def test_script_in_a_fragment_does_not_run(ada, change):
    """A fragment's script is inserted but does not run, and breaks no policy."""
    change(ada, "update", ".count", html="<script>window.ran = 1</script>1")

    ada.wait_for("() => document.querySelector('.count script')")
    assert ada.run("window.ran === undefined")


def test_typed_text_focus_and_selection_survive(ada, change):
    """A fragment replaces what is around a field in use, which keeps text, focus and selection."""
    ada.fill("#text", "typed")
    ada.run("document.querySelector('#text').setSelectionRange(1, 3)")

    change(ada, "replace", "#box", html='<div id="box">new <input id="text" value="x"></div>')

    wait_for_texts(ada, "#box", ["new "])
    assert ada.run(
        """() => { const { id, value, selectionStart, selectionEnd } = document.activeElement;
            return [id, value, selectionStart, selectionEnd]; }"""
    ) == ["text", "typed", 1, 3]


def test_field_in_use_is_left_where_it_is_replaced_itself(ada, change):
    """A fragment replaces the very field in which a person types. The field and its text stay."""
    ada.fill("#other", "draft")

    change(
        ada,
        "replace",
        "#other",
        html='<input id="other" value="x">',
        then=[{"action": "update", "target": ".count", "html": "1"}],
    )

    wait_for_texts(ada, ".count", ["1", "1"])
    assert ada.run("document.activeElement.value") == "draft"


def test_click_on_an_element_that_is_replaced_meanwhile_is_not_lost(ada, change):
    """A fragment replaces what a mouse button is pressed on. The click works; changes follow it."""
    ada.run("() => { document.onclick = ({ target }) => (window.clicked = target.id); }")
    ada.page.hover("#m0")
    ada.page.mouse.down()
    change(ada, "update", "#messages", html="<li>new</li>")
    change(ada, "append", "#messages", html="<li>newer</li>")
    with ada.page.expect_response(lambda one: "x-realtime-block" in one.request.headers):
        change(ada, "refresh")
    assert texts(ada, "#messages li") == ["first"]
    ada.page.mouse.up()

    wait_for_texts(ada, "#messages li", ["new", "newer"])
    assert ada.run("clicked") == "m0"


def test_listener_may_prevent_a_change(ada, change):
    """A listener of realtime:html prevents a change, and the page stays as it is."""
    ada.run(
        """() => document.addEventListener("realtime:html", (event) => event.preventDefault(),
            { once: true })"""
    )
    change(ada, "update", ".count", html="1")
    change(ada, "update", ".count", html="2")

    wait_for_texts(ada, ".count", ["2", "2"])


def test_page_that_asked_can_be_left_out(enter, change):
    """A page asks for a change with include_self=False. Only the other pages change."""
    ada, ben = enter("ada"), enter("ben")

    change(ada, "update", ".count", html="others", to={"include_self": False})
    change(ada, "append", "#messages", html="<li>all</li>")

    for person in (ada, ben):
        wait_for_texts(person, "#messages li", ["first", "all"])
    assert texts(ben, ".count") == ["others", "others"]
    assert texts(ada, ".count") == ["0", "0"]


def test_block_is_each_viewers_own(enter, change, seen):
    """Two people see the same news in a block, each with their own name; a draft in it survives."""
    ada, ben = enter("ada"), enter("ben")
    ben.fill("#draft", "half a thought")
    seen.write_text("news")

    change(ada, "refresh")

    for person, name in ((ada, "ada"), (ben, "ben")):
        wait_for_texts(person, "#seen", ["news"])
        assert texts(person, "#who") == [name]
    assert ben.run("document.activeElement.value") == "half a thought"


def test_block_shows_the_last_state_after_many_refreshes(ada, change, seen):
    """After many refreshes in a row the page has made few requests, and shows the last state."""
    asked = []
    ada.page.on("request", lambda one: asked.append("x-realtime-block" in one.headers))
    for number in range(20):
        seen.write_text(str(number))
        change(ada, "refresh")

    wait_for_texts(ada, "#seen", ["19"])
    assert 0 < sum(asked) < 20


def test_block_of_somebody_who_was_logged_out_reloads_the_page(ada, change, channel):
    """The view refuses a block after a log-out in another tab. The page reloads once."""
    ada.forgive("Failed to load resource: the server responded with a status of 403")
    other = ada.context.new_page()
    other.goto(f"{ada.url}/out/{channel}")
    with ada.page.expect_navigation() as navigated:
        ada.context.request.post(f"{ada.url}/rooms/{channel}", data={"action": "refresh"})

    assert navigated.value.status == 403
    ada.wait_until_reads("h1", "Forbidden")


def test_block_is_true_after_an_outage(ada, change, seen, channel, publisher_of_html):
    """The server is down when a block is fetched. The page fetches it again later."""
    blocked = []

    def refuse(route):
        if "x-realtime-block" in route.request.headers and not blocked:
            blocked.append(route)
            route.abort()
        else:
            route.continue_()

    ada.page.route("**/rooms/*", refuse)
    seen.write_text("after the outage")

    publisher_of_html.to(channel).refresh()

    wait_for_texts(ada, "#seen", ["after the outage"])
    assert blocked
    ada.errors.clear()


@pytest.fixture
def publisher_of_html(redis_url):
    with Publisher(redis_url, prefix="html", timeout=DEADLINE) as publisher:
        yield publisher


def test_reload_loads_the_page_anew(ada, change):
    """After a deployment the app pushes a reload, and the page reloads."""
    ada.run("document.body.dataset.mark = 'old'")

    change(ada, "reload")

    ada.wait_for("() => !document.body.dataset.mark")
