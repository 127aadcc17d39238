"""Forms and links respect the page's own listeners, and are sent once."""

import contextlib

import pytest

from .kinds import not_in
from .links import Link

pytestmark = pytest.mark.shares_tabs

FORM = """<form id="f" method="post" action="/echo/a" data-realtime><input name="text" value="hi">
<button id="go" name="button" value="go">go</button>
<button id="other" name="button" value="other">other</button></form>
<a id="link" href="/echo/a" data-realtime data-realtime-target="#here">link</a><p id="here"></p>"""
SEARCH = '<form action="/echo/a" data-realtime><button id="search">search</button></form>'
# This listener prevents that the page is left, and records the events.
NOTE_REPLIES = """() => {
    window.told = [];
    for (const name of ["reply", "error"]) {
        document.addEventListener(`realtime:${name}`, (event) => {
            const { target, detail } = event;
            event.preventDefault();
            told.push([name, target.id ?? "document", detail.status ?? detail.name]);
        });
    }
}"""


@pytest.fixture
def person(come, site):
    """A person on a page with a form, two buttons and a link."""
    site.show(FORM)
    site.answer("a", body="<b>answer</b>")
    person = come(site.url)
    person.visit("/page")
    person.run(NOTE_REPLIES)
    return person


@pytest.mark.parametrize("place", ["document", "window"])
@pytest.mark.parametrize("clicked, type", [("#go", "submit"), ("#link", "click")])
def test_listener_that_prevents_the_default_is_heeded(person, site, place, clicked, type):
    """A listener on an outer element asks "really?" and the person says no. Nothing is sent."""
    # The listener is added after the client's own listener, which must make no difference.
    person.run(
        "(type) => document.body.dispatchEvent(new Event(type, { bubbles: true, composed: true }))",
        type,
    )
    person.run(f"{place}.addEventListener('{type}', (event) => event.preventDefault())")

    person.click(clicked)
    # Messages of a socket are answered in order, so nothing was sent before this one.
    person.run("() => realtime.call('/echo/last')")

    assert [request["path"] for request in site.told()] == ["/echo/last"]


def test_what_a_listener_changes_is_sent(person, site):
    """A listener on an outer element adds a field, changes a value, or changes the form's action.
    The changed form is sent."""
    person.run(
        """() => window.addEventListener("submit", ({ target }) => {
            target.elements.text.value = "changed";
            target.action = "/echo/b";
        })"""
    )

    person.click("#go")

    request = site.wait_for_request()
    assert (request["by"], request["path"]) == ("socket", "/echo/b")
    assert request["body"] == "text=changed&button=go"


def test_double_click_sends_a_form_once(person, site):
    """While a form is being sent, its button is disabled and the form is marked as busy; after the
    answer both are as before."""
    site.answer("a", status=204, body="", is_held=True)

    person.page.dblclick("#go")
    assert site.wait_for_request()["body"] == "text=hi&button=go"
    under_way = person.run("() => [go.disabled, f.ariaBusy, other.disabled]")
    site.release()
    person.wait_for("() => told.length")

    assert under_way == [True, "true", False]
    assert person.run("() => [go.disabled, f.ariaBusy]") == [False, None]
    assert person.run("() => document.activeElement.id") == "go"
    assert (person.run("told"), site.told()) == ([["reply", "f", 204]], [])


def test_form_without_a_button_is_sent_once_as_well(person, site):
    """A person presses Enter twice in a form without a button. The form is sent once."""
    person.run("() => { go.remove(); other.remove(); }")
    site.answer("a", status=204, body="", is_held=True)

    person.page.press("input", "Enter")
    site.wait_for_request()
    person.page.press("input", "Enter")
    site.release()
    person.run("() => realtime.call('/echo/last')")

    assert [request["path"] for request in site.told()] == ["/echo/last"]


def test_form_is_sent_once_for_each_of_its_buttons(person, site):
    """A person presses Save and then Send of the same form. Both are sent."""
    site.answer("a", status=204, body="", is_held=True)

    person.click("#go")
    first = site.wait_for_request()
    person.click("#other")
    site.release()
    second = site.wait_for_request()

    assert [first["body"], second["body"]] == ["text=hi&button=go", "text=hi&button=other"]
    person.wait_for("() => told.length === 2 && f.ariaBusy === null")


def test_button_that_the_app_has_disabled_stays_so(person, site):
    """The app's own listener disables the pressed button. The button's value is sent, and the
    button stays disabled."""
    person.run("() => f.addEventListener('submit', () => { go.disabled = true; })")

    person.click("#go")
    person.wait_for("() => told.length")

    assert person.run("() => go.disabled") is True
    assert site.wait_for_request()["body"] == "text=hi"


def test_focus_that_has_moved_on_stays_there(person, site):
    """A person moves to another field before the form's answer arrives. The focus stays in that
    field."""
    site.answer("a", status=204, body="", is_held=True)

    person.click("#go")
    site.wait_for_request()
    person.page.focus("input")
    site.release()
    person.wait_for("() => told.length && !go.disabled")

    assert person.run("() => document.activeElement.name") == "text"


@not_in("firefox", "it answers such a form where it stands")
def test_button_with_a_key_opens_a_tab(person, site):
    """A person presses a button with Ctrl held, and the answer opens in a new tab."""
    with person.context.expect_page() as opened:
        person.page.click("#go", modifiers=["ControlOrMeta"])

    opened.value.wait_for_url("**/echo/a")
    assert site.wait_for_request()["by"] == "HTTP"


def test_form_that_has_left_the_page_is_answered(person, site):
    """A script removes a form while it is being sent. The event with the answer goes to the
    document."""
    site.answer("a", status=204, body="", is_held=True)

    person.click("#go")
    site.wait_for_request()
    person.run("() => f.remove()")
    site.release()
    person.wait_for("() => told.length")

    assert person.run("told") == [["reply", "document", 204]]


def test_newer_answer_is_not_overwritten_by_an_older_one(person, site):
    """Two links have the same target, and the first is answered last. The target shows the answer
    to the second."""
    person.run(
        """() => {
            window.seen = [];
            const note = new MutationObserver(() => seen.push(here.textContent));
            note.observe(here, { childList: true });
            const keep = (event) => event.stopImmediatePropagation();
            document.addEventListener("realtime:reply", keep, true);
        }"""
    )
    site.answer("a", body="<b>older</b>", is_held=True)
    site.answer("b", body="<b>newer</b>")

    person.click("#link")
    site.wait_for_request()
    person.run("() => { link.href = '/echo/b'; }")
    person.click("#link")
    site.release()
    person.wait_for("() => here.textContent === 'newer'")

    assert person.run("seen") == ["newer"]


@not_in("firefox", "it keeps no page whose socket is open when it is left")
@pytest.mark.keeps_pages
def test_answer_to_a_page_that_was_left_is_ignored(person, site):
    """A person leaves the page before an answer arrives, and comes back with the back button. The
    answer changes nothing."""
    while not leave_and_come_back(person, site):
        # A loaded machine may not have put the page into the back/forward cache in time.
        site.release()
        person.visit("/page")
    site.release()
    person.wait_until_open()
    person.wait_for("() => !document.querySelector('[aria-busy]')")

    assert person.page.url == f"{site.url}/page"
    assert person.text("#here") == ""
    person.forgive("WebSocket connection to")


def leave_and_come_back(person, site):
    """Click the link, visit another page before it is answered, and go back.

    :returns: whether the browser has kept the page alive meanwhile.
    """
    site.answer("a", body="<b>late</b>", is_held=True)
    person.run(
        """() => {
            window.isTheSame = true;
            const keep = (event) => event.stopImmediatePropagation();
            document.addEventListener("realtime:reply", keep, true);
        }"""
    )
    person.click("#link")
    site.wait_for_request()
    person.visit("/page?other")
    person.run("() => history.back()")
    person.wait_for("() => !location.search && document.readyState === 'complete'")
    return person.run("() => window.isTheSame === true")


def test_button_with_formtarget_opens_a_tab(person, site):
    """The formtarget attribute of a button wins over the target attribute of its form."""
    person.run("() => go.setAttribute('formtarget', '_blank')")

    with person.context.expect_page() as opened:
        person.click("#go")

    opened.value.wait_for_url("**/echo/a")
    assert site.wait_for_request()["by"] == "HTTP"


def test_form_with_the_method_dialog_closes_its_dialog(person, site):
    """A form or a button with the method "dialog" closes the dialog and sends nothing."""
    person.run(
        """() => {
            const dialog = document.createElement("dialog");
            dialog.append(f);
            document.body.append(dialog);
            dialog.showModal();
            go.setAttribute("formmethod", "dialog");
        }"""
    )

    person.click("#go")
    person.wait_for("() => !document.querySelector('dialog').open")
    person.run("() => realtime.call('/echo/last')")

    assert [request["path"] for request in site.told()] == ["/echo/last"]


@pytest.mark.parametrize("clicked", ["#link", "#search"])
def test_link_on_a_dead_connection_is_followed_by_http(come, site_server, site, clicked):
    """The connection is dead and the page has not noticed yet. A person follows a link, and the
    browser navigates there by HTTP."""
    site.show(FORM + SEARCH)
    site.answer("a", main="answer")
    with contextlib.closing(Link(site_server.port)) as link:
        person = come(link.url, is_patient=False)
        person.visit("/page")

        link.die(of_sockets_alone=True)
        person.click(clicked)
        person.page.wait_for_url("**/echo/a*")

        assert site.wait_for_request()["by"] == "HTTP"
