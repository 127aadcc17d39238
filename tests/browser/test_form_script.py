"""The script for forms and links is loaded only by pages that have forms or links with
data-realtime."""

import pytest

from .chromium import IMPATIENT

FORM = '<form method="post" action="/echo/a" data-realtime><input name="text"></form>'


def scripts(person):
    """The scripts that the page has loaded."""
    found = person.run("() => performance.getEntriesByType('resource').map(({ name }) => name)")
    return [name.rpartition("/")[2].partition("?")[0] for name in found if ".js" in name]


def test_page_without_forms_loads_the_client_alone(come, site):
    """A page without data-realtime on a form or link loads no script for them."""
    site.show("<form><input></form><a href='/page'>link</a>")
    person = come(site.url)
    person.visit("/page")

    person.page.focus("input")

    assert scripts(person) == ["realtime.js"]


def test_form_that_a_script_adds_is_sent_over_the_socket(come, site):
    """A script adds a form to the page. A person types into the form, and the form is sent over the
    socket."""
    site.show("page")
    site.answer("a", status=204, body="")
    person = come(site.url)
    person.visit("/page")

    person.run("(form) => { document.body.innerHTML = form; }", FORM)
    person.page.fill("input", "hi")
    person.wait_for_forms()
    person.page.press("input", "Enter")

    assert site.wait_for_request()["by"] == "socket"


@pytest.mark.parametrize("fail", [lambda route: route.abort(), lambda route: None])
def test_form_goes_by_http_if_its_script_fails_to_load(come, site, fail):
    """The network loses or delays the script for forms. The browser sends the form by HTTP, and the
    console says what is missing."""
    site.show(FORM)
    site.answer("a", main="answer")
    person = come(site.url)
    person.page.add_init_script(IMPATIENT)
    person.page.route("**/realtime-forms.js*", fail)
    person.page.goto(f"{site.url}/page")
    person.wait_for_state("open")
    lines = [f"realtime: {site.url}/_realtime/static/realtime-forms.js", " cannot be loaded."]
    person.wait_until(lambda: any(all(map(error.count, lines)) for error in person.errors))

    person.page.press("input", "Enter")
    person.page.wait_for_url("**/echo/a")

    assert site.wait_for_request()["by"] == "HTTP"
    person.forgive("Failed to load resource", lines[0])
