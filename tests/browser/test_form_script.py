"""What forms and links need is loaded by the pages that have any."""

FORM = '<form method="post" action="/echo/a" data-realtime><input name="text"></form>'


def scripts(person):
    """The scripts that the page has loaded."""
    found = person.run("() => performance.getEntriesByType('resource').map(({ name }) => name)")
    return [name.rpartition("/")[2].partition("?")[0] for name in found if ".js" in name]


def test_page_without_forms_loads_the_client_alone(come, site):
    """Who does not ask for the socket in a form or a link pays nothing for those who do."""
    site.show("<form><input></form><a href='/page'>link</a>")
    person = come(site.url)
    person.visit("/page")

    person.page.focus("input")

    assert scripts(person) == ["realtime.js"]


def test_form_that_comes_later_has_the_socket_as_soon_as_somebody_turns_to_it(come, site):
    """A form that a script puts into the page is sent over the socket by who has typed into it."""
    site.show("page")
    site.answer("a", status=204, body="")
    person = come(site.url)
    person.visit("/page")

    person.run("(form) => { document.body.innerHTML = form; }", FORM)
    person.page.fill("input", "hi")
    person.wait_for_forms()
    person.page.press("input", "Enter")

    assert site.wait_for_request()["by"] == "socket"


def test_form_whose_script_cannot_be_had_goes_by_http(come, site):
    """Where the network loses that script, the page is as it would be without it."""
    site.show(FORM)
    site.answer("a", main="answer")
    person = come(site.url)
    person.page.route("**/realtime-forms.js*", lambda route: route.abort())
    person.page.goto(f"{site.url}/page")
    person.wait_for_state("open")

    person.page.press("input", "Enter")
    person.page.wait_for_url("**/echo/a")

    assert site.wait_for_request()["by"] == "HTTP"
    person.forgive("Failed to load resource")
