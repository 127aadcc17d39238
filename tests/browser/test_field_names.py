"""Forms whose fields hide methods and properties of the form, since they have the same names."""

import pytest

pytestmark = pytest.mark.shares_tabs

NAMES = (
    "append", "before", "children", "contains", "dataset", "matches", "ownerDocument",
    "querySelectorAll", "remove", "replaceChildren",
)  # fmt: skip
FIELDS = "".join(f"<input name={name}>" for name in (*NAMES, "replaceWith"))
INTO = 'data-realtime data-realtime-target="#here"'
FORM = f"""<form id=here method=post action=/echo/a {INTO}>{FIELDS}
<button type=button id=button>press</button><button id=go>go</button></form>"""


@pytest.fixture
def person(come, site):
    site.show(FORM + "<p data-realtime-block=none></p>", channel="news")
    person = come(site.url)
    person.visit("/page")
    person.wait_for("() => Boolean(realtime.press)")
    person.fill("[name=append]", "typed")
    return person


@pytest.mark.parametrize("verb", ["update", "append", "before", "replace", "remove"])
def test_fragment_changes_a_form_whatever_the_names_of_its_fields(person, site, verb):
    """A fragment has such a form as its target. It does what it does to any element."""
    site.change(verb, "<p id=new>new</p>", "news")

    person.wait_for(
        "(verb) => verb === 'remove' ? !document.querySelector('#here') : Boolean(window.new)", verb
    )


def test_fragment_waits_for_a_press_in_a_form_whatever_the_names_of_its_fields(person, site):
    """A fragment comes for such a form while a person presses a button in it. The button is clicked
    first."""
    person.run("() => { button.onclick = () => { window.isClicked = true; }; }")
    person.page.hover("#button")
    person.page.mouse.down()

    site.update("<p id=new>new</p>", "news")
    person.wait_for_frame("id=new")
    person.run("() => new Promise((resolve) => setTimeout(resolve))")
    person.page.mouse.up()

    person.wait_until_shown("#new")
    assert person.run("window.isClicked")


def test_answer_is_shown_in_a_form_whatever_the_names_of_its_fields(person, site):
    """The answer to such a form is shown in the form itself, and the focus stays."""
    site.answer("a", body=f"{FIELDS}too many", status=422)
    person.page.press("[name=children]", "Enter")

    person.wait_for("() => document.body.textContent.includes('too many')")
    assert person.run("document.activeElement.name") == "children"


def test_block_is_refreshed_in_a_form_whatever_the_names_of_its_fields(come, site):
    """The element of a block is such a form. Its block, and the others, are refreshed."""
    block = "data-realtime-block=main data-realtime-on=news data-realtime-url=/echo/block"
    page = "{% block main %}<p id=new>new</p>{% endblock %}"
    site.answer("block", page=page)
    site.show(f"<form {block}>{FIELDS}</form>", channel="news")
    person = come(site.url)
    person.visit("/page")

    site.refresh("news")

    person.wait_until_shown("form #new")
