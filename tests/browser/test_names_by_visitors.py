"""Elements that a visitor has written, whose names hide what scripts call on others."""

import pytest

from .answering import MAIN

pytestmark = pytest.mark.shares_tabs

METHODS = (
    "closest", "contains", "getRootNode", "id", "matches", "ownerDocument", "querySelectorAll",
    "scrollTo", "scrollTop",
)  # fmt: skip
FIELDS = "".join(f"<input name={name}>" for name in METHODS)
WRITTEN = f"<form class=note id=written>{FIELDS}</form>"
OF_DOCUMENTS = ("activeElement", "body", "createElement", "getElementById", "querySelectorAll")
PICTURES = "".join(f"<img name={name}>" for name in OF_DOCUMENTS)
HEADINGS = "<h2 id=htmx></h2><h2 id=Idiomorph></h2>"
PAGE = """<p class=note id=note>old</p>
<div id=part><q data-realtime-ignore>{written}</q><input id=draft></div>
<p data-realtime-block=main data-realtime-on=news data-realtime-url=/echo/block></p>"""


@pytest.fixture
def show(come, site):
    """A function that returns a person on a page with what a visitor has written.

    The person has typed something.
    """

    def show(written):
        site.answer("block", page="{% block main %}<b id=fresh></b>{% endblock %}")
        site.show(PAGE.format(written=written), channel="news")
        person = come(site.url)
        person.visit("/page")
        person.run("draft.focus()")
        person.page.keyboard.type("typed")
        return person

    return show


@pytest.mark.parametrize("written", [WRITTEN, PICTURES, HEADINGS])
def test_what_a_visitor_has_written_keeps_no_change_from_the_page(show, site, written):
    """The server changes what stands beside a visitor's form, pictures or headings, and what holds
    them. The page shows each change, and what was typed stays."""
    person = show(written)
    part = f"new<q data-realtime-ignore>{written}</q><input id=draft>"

    site.change("update", "new", "news", target=".note")
    site.change("replace", f"<div id=part>{part}</div>", "news", target="#part")
    site.refresh("news")

    person.wait_for("() => window.fresh")
    person.wait_for("() => note.textContent === 'new' && part.textContent === 'new'")
    assert person.run("[draft.value, draft.matches(':focus')]") == ["typed", True]


def test_answer_goes_to_no_element_that_a_visitor_has_written(come, site):
    """What a visitor has written stands in front of a form's target, and has an element of the same
    id, and a picture whose name hides what makes documents. The answer goes to the target alone."""
    picture = "<img name=implementation>"
    written = f'<div data-realtime-ignore><p id="here">written</p>{picture}</div>'
    site.show(written + MAIN)
    site.answer("a", body="<b>answer</b>")
    person = come(site.url)
    person.visit("/page")

    person.page.click("#put")
    person.page.wait_for_selector("b:text-is('answer')")

    assert person.page.locator("p#here").all_inner_texts() == ["written", "answer"]


def test_scroll_position_goes_to_no_element_that_a_visitor_has_written(come, site):
    """What a visitor has written stands in front of a list in which somebody has scrolled down, and
    has a box of the same id. The list is replaced, and stays where it was."""
    box = '<div id=list style="height: 50px; overflow: auto"><p style="height: 900px">{}</p></div>'
    part = f"<div id=part><q data-realtime-ignore>{{}}</q>{box.format('listed')}</div>"
    site.show(part.format("nothing"), channel="news")
    person = come(site.url)
    person.visit("/page")
    person.run("list.scrollTop = 300")

    site.change("replace", part.format(box.format("written")), "news", target="#part")
    person.page.wait_for_selector("q p")

    tops = person.run("() => Array.from(part.querySelectorAll('div'), (one) => one.scrollTop)")
    assert tops == [0, 300]
