"""What people have entered on a page while its server changes it."""

import pytest

from ..integration.serving import ServerProcess
from .conftest import APPS

pytestmark = pytest.mark.shares_tabs

SEEN = """() => {
    const form = document.forms.namedItem("post") ?? document.querySelector("#box form");
    const { name, email, text, kind, agreed, size } = form.elements;
    return {
        name: name.value, email: email.value, text: text.value, kind: kind.value,
        agreed: agreed.checked, size: size.value, details: document.querySelector("details").open,
        focus: document.activeElement.name, version: document.querySelector("#version").textContent,
    };
}"""

# The client puts a reload off by 500 ms, and then by 1,000 ms, while a field holds an entry.
NOTE_SECOND_TRY = """() => {
    Math.random = () => 0;
    const set = setTimeout;
    window.setTimeout = (run, ms, ...rest) => {
        if (ms === 1_000) window.isTriedAgain = true;
        return set(run, ms, ...rest);
    };
}"""


@pytest.fixture(scope="module")
def entries_server():
    with ServerProcess("gevent", "entries:app", folder=APPS) as server:
        yield server


@pytest.fixture
def person(come, entries_server):
    person = come(entries_server.url)
    person.visit("/")
    return person


def fill(person):
    page = person.page
    page.fill("#box [name=name]", "Ada")
    page.fill("#box [name=email]", "ada@example.org")
    page.select_option("#box [name=kind]", "b")
    page.check("#box [name=agreed]")
    page.check("#box [name=size][value=large]")
    page.click("#box summary")
    page.fill("#box [name=text]", "half a mess")
    page.focus("#box [name=text]")


def change(person, how, version, **changes):
    """Have the server change the page, and wait for it."""
    query = "&".join(f"{key}={value}" for key, value in {"how": how, **changes}.items())
    assert person.run("(url) => fetch(url, { method: 'POST' }).then(({ ok }) => ok)", f"/?{query}")
    person.page.wait_for_function(
        "(text) => document.querySelector('#version').textContent === text", arg=version
    )


@pytest.mark.parametrize("how", ["block", "update", "replace"])
def test_what_was_entered_stays_in_every_field(person, how):
    """In those that have lost the focus, too, with or without an id."""
    fill(person)
    before = person.run(SEEN)

    change(person, how, "2")

    assert person.run(SEEN) == {**before, "version": "2"}
    assert before["text"] == "half a mess" and before["focus"] == "text" and before["agreed"]
    person.page.keyboard.type("age")
    assert person.run(SEEN)["text"] == "half a message"


@pytest.mark.parametrize("how", ["block", "update"])
def test_what_was_entered_stays_though_the_page_changes_and_is_then_to_be_reloaded(person, how):
    """The field that a change has brought counts as typed into, as the one before it did."""
    page = person.page
    page.fill("#box [name=email]", "ada@example.org")
    page.focus("#lines li:nth-child(1) input")
    change(person, how, "2")
    page.evaluate(NOTE_SECOND_TRY)

    page.evaluate("() => fetch('/reload', { method: 'POST' })")
    person.wait_for("() => window.isTriedAgain")
    assert page.input_value("#box [name=email]") == "ada@example.org"
    page.fill("#box [name=email]", "")

    person.wait_for("() => !window.isTriedAgain")


def test_page_whose_boxes_were_sent_is_reloaded(person):
    """What the app has is lost by no reload, in a box as in a text."""
    page = person.page
    page.evaluate("() => addEventListener('realtime:reply', () => (window.isAnswered = true))")
    page.check("#task [name=done]")
    page.click("#task button")
    page.wait_for_function("() => window.isAnswered")

    page.evaluate("() => fetch('/reload', { method: 'POST' })")

    person.wait_for("() => !window.isAnswered")


def test_field_that_the_server_fills_otherwise_has_what_the_server_says(person):
    """Somebody else has changed the name that the form was to change."""
    fill(person)

    change(person, "update", "2", name="Grace")

    seen = person.run(SEEN)
    assert (seen["name"], seen["email"]) == ("Grace", "ada@example.org")


def test_fields_that_cannot_be_told_apart_are_as_they_come(person):
    """A line that comes above another one does not get what was typed below it."""
    page = person.page
    page.fill("#lines li:nth-child(1) input", "of the first")
    page.focus("#box [name=text]")

    change(person, "lines", "2")

    values = "() => [...document.querySelectorAll('#lines input')].map(({ value }) => value)"
    assert person.run(values) == ["", "", ""]


def test_lines_with_forms_of_their_own_are_told_apart(person):
    """By where each form goes to, and by its hidden fields but for tokens."""
    page = person.page
    page.fill("#answers form:nth-of-type(1) input[name=answer]", "of the first")
    page.focus("#box [name=text]")

    change(person, "answers", "2")

    values = "() => Array.from(document.querySelectorAll('[name=answer]'), (one) => one.value)"
    assert person.run(values) == ["", "of the first", ""]


def test_form_that_is_being_sent_is_emptied(person):
    """Its change comes back by a block, before its own answer: nothing is entered again."""
    page = person.page
    page.fill("#sent [name=line]", "hello")

    page.press("#sent [name=line]", "Enter")

    page.wait_for_function("() => document.querySelector('#sent ul').textContent.includes('hello')")
    page.wait_for_function("() => document.querySelector('#sent [name=line]').value === ''")


def test_form_that_was_sent_is_emptied(person):
    """Its block comes after its answer, which was none."""
    page = person.page
    page.evaluate("() => addEventListener('realtime:reply', () => (window.isAnswered = true))")
    page.fill("#sent [name=line]", "quietly")
    page.press("#sent [name=line]", "Enter")
    page.wait_for_function("() => window.isAnswered")

    page.evaluate("() => fetch('/refresh/sent', { method: 'POST' })")

    page.wait_for_function("() => document.querySelector('#sent li')?.textContent === 'quietly'")
    assert page.input_value("#sent [name=line]") == ""


def test_block_is_true_though_its_page_prevents_the_reload_after_a_loss(person):
    """Who fetches the lost messages by a script has the blocks fetched as well."""
    page = person.page
    page.evaluate(
        "() => fetch('/say', { method: 'POST', body: new URLSearchParams({ line: 'quietly' }) })"
    )

    was_prevented = page.evaluate("""() => {
        addEventListener("realtime:lost", (event) => event.preventDefault());
        return !document.dispatchEvent(new CustomEvent("realtime:lost",
            { detail: { channels: ["sent"] }, bubbles: true, cancelable: true }));
    }""")

    page.wait_for_function("() => document.querySelector('#sent li')?.textContent === 'quietly'")
    assert was_prevented


def test_block_that_something_else_has_changed_comes_back(person):
    """By a fragment, say; the server would say that it is the same as before."""
    page = person.page
    post = "(path) => fetch(path, { method: 'POST' })"
    page.evaluate("() => addEventListener('realtime:html', () => (window.isShown = true))")
    page.evaluate(post, "/refresh/sent")
    page.wait_for_function("() => window.isShown")
    page.evaluate(post, "/fragment")
    page.wait_for_function(
        "() => document.querySelector('#sent').textContent.trim() === 'of a fragment'"
    )

    page.evaluate(post, "/refresh/sent")

    page.wait_for_selector("#sent form")


def test_what_people_write_is_no_part_of_what_changes(person):
    """A comment with the id of a line takes no line away, and one with a block's name has none."""
    page = person.page
    fetched = []
    page.on("request", lambda request: fetched.append(request.url))

    page.evaluate("() => fetch('/trap', { method: 'POST' })")
    page.wait_for_function("() => document.querySelector('#lines').textContent === 'a line'")
    change(person, "block", "2")

    assert page.text_content("[data-realtime-ignore] > p") == "a comment"
    assert page.text_content("#trap") == ""
    assert not [url for url in fetched if url.endswith("/upload")]
