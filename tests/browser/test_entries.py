"""Entries of people in a page's fields, while the server changes the page."""

import pytest

from .kinds import not_in

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


def fill(person):
    person.fill("#box [name=name]", "Ada")
    person.fill("#box [name=email]", "ada@example.org")
    person.choose("#box [name=kind]", "b")
    person.click("#box [name=agreed]")
    person.click("#box [name=size][value=large]")
    person.click("#box summary")
    person.fill("#box [name=text]", "half a mess")
    person.focus("#box [name=text]")


def change(person, how, version, **changes):
    """Have the server change the page, and wait until the page shows the change."""
    query = "&".join(f"{key}={value}" for key, value in {"how": how, **changes}.items())
    assert person.run("(url) => fetch(url, { method: 'POST' }).then(({ ok }) => ok)", f"/?{query}")
    person.wait_for("(text) => document.querySelector('#version').textContent === text", version)


@pytest.mark.parametrize("how", ["block", "update", "replace"])
def test_entries_stay_in_every_kind_of_field(person, how):
    """A person has filled in fields of every kind, with and without an id, and has left them. Every
    entry stays when the page changes."""
    fill(person)
    before = person.run(SEEN)

    change(person, how, "2")

    assert person.run(SEEN) == {**before, "version": "2"}
    assert before["text"] == "half a mess" and before["focus"] == "text" and before["agreed"]
    person.page.keyboard.type("age")
    assert person.run(SEEN)["text"] == "half a message"


@pytest.mark.parametrize("how", ["block", "update"])
def test_what_was_entered_stays_though_the_page_changes_and_is_then_to_be_reloaded(person, how):
    """A change replaces a field with an entry, and then the page is to reload. The new field counts
    as typed into, so the page waits."""
    page = person.page
    person.fill("#box [name=email]", "ada@example.org")
    person.focus("#lines li:nth-child(1) input")
    change(person, how, "2")
    page.evaluate(NOTE_SECOND_TRY)

    page.evaluate("() => fetch('/reload', { method: 'POST' })")
    person.wait_for("() => window.isTriedAgain")
    assert person.value("#box [name=email]") == "ada@example.org"
    person.fill("#box [name=email]", "")

    person.wait_for("() => !window.isTriedAgain")


@not_in("firefox", "its driver composes no words")
@not_in("webkit", "its driver composes no words")
@pytest.mark.parametrize("how", ["block", "update"])
def test_word_that_is_being_composed_is_typed_once(person, how):
    """A person composes a word with an input method while the page is to change. The change waits
    for the word, because a moved field would keep its first letters."""
    page = person.page
    person.focus("#box [name=email]")
    keyboard = page.context.new_cdp_session(page)
    keyboard.send(
        "Input.imeSetComposition", {"text": "niho", "selectionStart": 4, "selectionEnd": 4}
    )

    is_change = "x-realtime-block" if how == "block" else "x-realtime-connection-id"
    with page.expect_response(lambda one: is_change in one.request.headers):
        page.evaluate("(how) => realtime.fetch(`/?how=${how}`, { method: 'POST' })", how)
    person.wait_for_frame('"entries"')
    keyboard.send("Input.insertText", {"text": "日本"})

    person.wait_for("() => document.querySelector('#version').textContent === '2'")
    assert person.value("#box [name=email]") == "日本"


def test_page_whose_boxes_were_sent_is_reloaded(person):
    """The checked boxes of a form were sent. They are no entries any more, and the page reloads."""
    page = person.page
    page.evaluate("() => addEventListener('realtime:reply', () => (window.isAnswered = true))")
    person.click("#task [name=done]")
    person.click("#task button")
    person.wait_for("() => window.isAnswered")

    page.evaluate("() => fetch('/reload', { method: 'POST' })")

    person.wait_for("() => !window.isAnswered")


def test_field_whose_value_the_server_changes_shows_the_new_value(person):
    """Somebody else changes the name that a form shows. The field shows the new name, since its
    user has not changed the old one."""
    fill(person)

    change(person, "update", "2", name="Grace")

    seen = person.run(SEEN)
    assert (seen["name"], seen["email"]) == ("Grace", "ada@example.org")


@pytest.mark.parametrize("focused", ["kind", "agreed"])
@pytest.mark.parametrize("how", ["block", "update"])
def test_choices_that_were_taken_back_are_no_entries(person, how, focused):
    """A visitor chooses from a list, ticks a box, and takes both back. The visitor sees what
    somebody else chooses then, also where the focus is."""
    person.choose("#box [name=kind]", "b")
    person.choose("#box [name=kind]", "a")
    person.click("#box [name=agreed]")
    person.click("#box [name=agreed]")
    person.focus(f"#box [name={focused}]")

    change(person, how, "2", kind="b", agreed="yes")

    seen = person.run(SEEN)
    assert (seen["kind"], seen["agreed"], seen["focus"]) == ("b", True, focused)


@pytest.mark.parametrize(("name", "chosen"), [("kind", "b"), ("many", "ab")])
def test_page_whose_choice_was_taken_back_is_reloaded(person, name, chosen):
    """A visitor chooses from a list, and the page, which is to be reloaded, waits. It is reloaded
    once the visitor has chosen again what the page came with."""
    page = person.page
    page.evaluate(NOTE_SECOND_TRY)
    person.choose(f"#box [name={name}]", *chosen)

    page.evaluate("() => fetch('/reload', { method: 'POST' })")
    person.wait_for("() => window.isTriedAgain")
    person.choose(f"#box [name={name}]", "a")

    person.wait_for("() => !window.isTriedAgain")


def test_fields_that_look_alike_keep_no_entries(person):
    """A new line appears above a line with the same fields. It does not get what was typed into the
    lower line."""
    person.fill("#lines li:nth-child(1) input", "of the first")
    person.focus("#box [name=text]")

    change(person, "lines", "2")

    values = "() => [...document.querySelectorAll('#lines input')].map(({ value }) => value)"
    assert person.run(values) == ["", "", ""]


def test_lines_with_their_own_forms_keep_their_entries(person):
    """Each line has a form of its own. Entries stay with their line, which is recognised by the
    form's action and its hidden fields, but not by tokens."""
    person.fill("#answers form:nth-of-type(1) input[name=answer]", "of the first")
    person.focus("#box [name=text]")

    change(person, "answers", "2")

    values = "() => Array.from(document.querySelectorAll('[name=answer]'), (one) => one.value)"
    assert person.run(values) == ["", "of the first", ""]


def test_form_that_is_being_sent_is_emptied(person):
    """A person sends a form. Its block is refreshed before the response arrives, and the form is
    empty."""
    person.fill("#sent [name=line]", "hello")

    person.press("#sent [name=line]", "Enter")

    person.wait_for("() => document.querySelector('#sent ul').textContent.includes('hello')")
    person.wait_for("() => document.querySelector('#sent [name=line]').value === ''")


def test_form_that_was_sent_is_emptied(person):
    """A person sends a form, whose response is empty. Its block is refreshed after that, and the
    form is empty."""
    page = person.page
    page.evaluate("() => addEventListener('realtime:reply', () => (window.isAnswered = true))")
    person.fill("#sent [name=line]", "quietly")
    person.press("#sent [name=line]", "Enter")
    person.wait_for("() => window.isAnswered")

    page.evaluate("() => fetch('/refresh/sent', { method: 'POST' })")

    person.wait_for("() => document.querySelector('#sent li')?.textContent === 'quietly'")
    assert person.value("#sent [name=line]") == ""


def test_block_is_true_though_its_page_prevents_the_reload_after_a_loss(person):
    """A page's script prevents the reload after a loss, and fetches the lost messages itself. The
    page's blocks are fetched again as well."""
    page = person.page
    page.evaluate(
        "() => fetch('/say', { method: 'POST', body: new URLSearchParams({ line: 'quietly' }) })"
    )

    was_prevented = page.evaluate("""() => {
        addEventListener("realtime:lost", (event) => event.preventDefault());
        return !document.dispatchEvent(new CustomEvent("realtime:lost",
            { detail: { channels: ["sent"] }, bubbles: true, cancelable: true }));
    }""")

    person.wait_for("() => document.querySelector('#sent li')?.textContent === 'quietly'")
    assert was_prevented


def test_block_that_a_fragment_changed_is_fetched_again(person):
    """A fragment has changed the content of a block. The next refresh fetches the whole block,
    although its HTML is the same on the server as before."""
    page = person.page
    post = "(path) => fetch(path, { method: 'POST' })"
    page.evaluate("() => addEventListener('realtime:html', () => (window.isShown = true))")
    page.evaluate(post, "/refresh/sent")
    person.wait_for("() => window.isShown")
    page.evaluate(post, "/fragment")
    person.wait_for("() => document.querySelector('#sent').textContent.trim() === 'of a fragment'")

    page.evaluate(post, "/refresh/sent")

    person.wait_until_shown("#sent form")


def test_html_written_by_people_is_not_matched_by_its_ids(person):
    """A visitor's comment holds an element with the id of a line, and one with a block's name. The
    line appears in its own place, and the comment's block is not fetched."""
    page = person.page
    fetched = []
    page.on("request", lambda request: fetched.append(request.url))

    page.evaluate("() => fetch('/trap', { method: 'POST' })")
    person.wait_for("() => document.querySelector('#lines').textContent === 'a line'")
    change(person, "block", "2")

    assert person.text("[data-realtime-ignore] > p") == "a comment"
    assert person.text("#trap") == ""
    assert not [url for url in fetched if url.endswith("/upload")]


@not_in("firefox", "it fetches no pages ahead")
@not_in("webkit", "it fetches no pages ahead")
def test_page_that_the_browser_has_fetched_ahead_changes_like_any_other(come, entries_server):
    """Chrome fetches a page ahead whose address is typed often. It changes like any other."""
    person = come(entries_server.url)
    person.page.goto(f"{entries_server.url}/upload")
    person.run("""() => {
        const prefetch = [{ source: "list", urls: ["/"], eagerness: "immediate" }];
        const rules = { type: "speculationrules", textContent: JSON.stringify({ prefetch }) };
        document.head.append(Object.assign(document.createElement("script"), rules));
    }""")
    purpose = "() => fetch('/purpose').then((response) => response.json())"
    person.wait_until(lambda: person.run(purpose) == "prefetch")

    person.run("() => { location.assign('/'); }")
    person.wait_until_open()
    assert person.run(purpose) == "prefetch"

    change(person, "block", "2")
