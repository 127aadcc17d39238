"""A page that is out of date is not reloaded over texts that its scripts were not told of."""

import pytest

from .kinds import not_in
from .test_entries import NOTE_SECOND_TRY

pytestmark = pytest.mark.shares_tabs

EDITOR = """() => {
    const frame = document.createElement("iframe");
    frame.srcdoc = "<body contenteditable>";
    document.body.append(frame);
}"""
FOREIGN = """() => {
    const frame = document.createElement("iframe");
    frame.src = "data:text/html,<body>of another site";
    document.body.append(frame);
}"""


def reload(person):
    """Have the app reload the page, and wait until the page has put that off."""
    person.run(NOTE_SECOND_TRY)
    person.run("() => fetch('/reload', { method: 'POST' })")
    person.wait_for("() => window.isTriedAgain")


@not_in("webkit", "its driver goes back to a page of its cache")
@pytest.mark.parametrize(
    ("name", "method", "entered", "before"),
    [
        ("text", "fill", "long", ""),
        ("agreed", "set_checked", True, False),
        ("kind", "select_option", "b", "a"),
        ("much", "fill", "70", "50"),
    ],
)
def test_what_the_browser_enters_again_is_not_thrown_away(person, name, method, entered, before):
    """A person fills in a field, follows a link, and comes back. The browser loads the page anew,
    and enters again what the field held. The page, which is to be reloaded, waits until the person
    has taken that back."""
    page = person.page
    enter = getattr(page.locator(f"[name={name}]"), method)
    enter(entered)
    page.goto(f"{person.url}/upload")
    page.go_back()
    person.wait_until_open()
    page.wait_for_load_state()

    reload(person)
    enter(before)

    person.wait_for("() => !window.isTriedAgain")


@not_in("webkit", "its driver goes back to a page of its cache")
@pytest.mark.parametrize("path", ["/", "/filled"])
def test_page_to_which_a_person_comes_back_is_reloaded(person, path):
    """A person comes back to a page, which the browser loads anew, and has entered nothing there:
    the browser alone writes a time without its seconds, or a script has filled the fields. The page
    is reloaded."""
    page = person.page
    person.visit(path)
    page.goto(f"{person.url}/upload")
    page.go_back()
    person.wait_until_open()
    page.wait_for_load_state()
    person.run("window.left = true")

    person.run("() => fetch('/reload', { method: 'POST' })")

    person.wait_for("() => !window.left")


@not_in("webkit", "its driver goes back to a page of its cache")
@pytest.mark.parametrize("field", ["[name=text]", "#nameless"])
def test_what_a_script_has_filled_does_not_count_beside_what_was_typed(person, field):
    """A person types into one field of a page whose other fields a script fills, follows a link,
    and comes back. The page waits until the person has deleted what was typed, and no longer."""
    page = person.page
    person.visit("/filled")
    page.fill(field, "long")
    page.goto(f"{person.url}/upload")
    page.go_back()
    person.wait_until_open()
    page.wait_for_load_state()

    reload(person)
    page.fill(field, "")

    person.wait_for("() => !window.isTriedAgain")


@pytest.mark.parametrize("end", ["body.textContent = ''", "defaultView.frameElement.remove()"])
def test_what_was_typed_into_an_editor_s_frame_is_not_thrown_away(person, end):
    """An editor has its text in a frame. The page, which is to be reloaded, waits until the text is
    deleted, or the editor removed."""
    person.run(EDITOR)
    text = person.page.frame_locator("iframe").locator("body")
    text.click()
    text.press_sequentially("long")

    reload(person)
    person.run(f"document.querySelector('iframe').contentDocument.{end}")

    person.wait_for("() => !window.isTriedAgain")


def test_page_with_a_frame_of_another_site_is_reloaded(person):
    """The visitor clicks into a frame of another site, about which the page may know nothing. The
    page is reloaded."""
    page = person.page
    person.run(FOREIGN)
    page.frame_locator("iframe").locator("body").click()
    person.run("window.left = true")

    person.run("() => fetch('/reload', { method: 'POST' })")

    person.wait_for("() => !window.left")


@pytest.mark.parametrize("target", ["document", "document.querySelector('#version')"])
def test_event_of_a_field_that_a_script_sends_elsewhere_does_not_keep_a_page(person, target):
    """A widget of the page, a row of stars say, tells of a choice by the event of a field, though
    it is none itself. The page is reloaded all the same."""
    person.run(f"() => {target}.dispatchEvent(new Event('input', {{ bubbles: true }}))")
    person.run("window.left = true")

    person.run("() => fetch('/reload', { method: 'POST' })")

    person.wait_for("() => !window.left")


TIME = "<input type=datetime-local value='2026-05-06T07:08:00'>"
ADDRESS = "<input type=email value=' ada@example.org '>"
not_typed = not_in("webkit", "its driver sets no field that nobody types into")


@pytest.mark.parametrize(
    ("field", "change", "take_back"),
    [
        pytest.param("<input type=range>", ("fill", "70"), ("fill", "50"), marks=not_typed),
        pytest.param(
            "<input type=color>", ("fill", "#ff0000"), ("fill", "#000000"), marks=not_typed
        ),
        pytest.param(
            TIME, ("fill", "2026-05-06T07:09"), ("fill", "2026-05-06T07:08"), marks=not_typed
        ),
        # Not "fill": Firefox's driver adds to an address in place of replacing it.
        (ADDRESS, ("press", "x"), ("press", "Backspace")),
        ("<i contenteditable>Some <b>text</b></i>", ("press", "x"), ("press", "Backspace")),
    ],
)
def test_page_is_reloaded_once_a_change_is_taken_back(come, site, field, change, take_back):
    """A page that is out of date waits while one of its fields holds what the visitor has entered,
    and no longer: also where the browser makes another value of the one that the server sent, as
    of a range without any, and where no attribute holds one, as with a text that can be edited."""
    site.show(f"<p id=part>{field}</p>", channel="news")
    person = come(site.url)
    person.visit("/page")

    def enter(method, value):
        getattr(person.page.locator("#part > *"), method)(value)

    enter(*change)
    person.run("window.left = true")
    person.run(NOTE_SECOND_TRY)
    site.reload("news")
    person.wait_for("() => window.isTriedAgain")

    enter(*take_back)

    person.wait_for("() => !window.left")
