"""Forms and links that are answered with a redirect follow it as a browser does."""

import pytest
from playwright.sync_api import Error

from .answering import visit_forms, ways
from .kinds import not_in

pytestmark = pytest.mark.shares_tabs


@pytest.fixture
def person(come, site):
    """A person on a page with two forms and two links, who has typed into the forms."""
    return visit_forms(come, site)


@pytest.mark.parametrize("status", [307, 308])
def test_redirect_that_keeps_the_method_keeps_the_fields(person, site, status):
    """A form's action lacks its last slash, which Flask answers with 308. The fields reach the view
    all the same."""
    site.answer("a", status=status, headers={"Location": "/echo/b?y=2"}, body="")

    person.click("#go")
    first, second = site.wait_for_requests(2)

    assert (second["by"], second["method"], second["path"]) == ("socket", "POST", "/echo/b")
    assert second["body"] == first["body"] == "text=typed&button=go"
    person.page.wait_for_url("**/echo/b?y=2")
    assert person.page.title() == "answer b"


def test_redirect_that_keeps_the_method_leads_a_link_to_its_place(person, site):
    """A link's address lacks its last slash. The link's answer still appears in its target."""
    site.answer("a", status=308, headers={"Location": "/echo/b"}, body="")
    site.answer("b", body="<b>part</b>")

    person.click("#part")
    person.wait_for("() => here.textContent === 'part'")

    assert ways(site) == ["socket", "socket"]


def test_redirect_that_keeps_the_method_leads_to_other_sites(person, site):
    """A form is redirected to another site with 307 or 308, and the browser posts the form
    there."""
    elsewhere = site.url.replace("127.0.0.1", "localhost")
    site.answer("a", status=307, headers={"Location": f"{elsewhere}/echo/b"}, body="")

    person.click("#go")
    person.page.wait_for_url(f"{elsewhere}/echo/b")

    first, second = site.told()
    assert (first["by"], second["by"], second["method"]) == ("socket", "HTTP", "POST")
    assert second["body"] == first["body"] == "text=typed&button=go"


@not_in("webkit", "its driver tells of no page that could not be loaded")
def test_redirect_in_a_circle_ends(person, site):
    """A form is redirected in a circle. The browser shows its error page, and requests to the app
    end."""
    site.answer("a", status=308, headers={"Location": "/echo/a"}, body="")

    # Waited for from before the click: the page may be there when the click returns.
    loop = r"ERR_TOO_MANY_REDIRECTS|NS_ERROR_REDIRECT_LOOP"
    with pytest.raises(Error, match=loop), person.page.expect_navigation():
        person.click("#go")

    assert "HTTP" in ways(site)


@pytest.mark.parametrize("clicked", ["#go", "#put", "#link", "#part"])
def test_redirect_to_another_page_is_followed(person, site, clicked):
    """A view answers a form with a redirect to another page. The browser gets that page by GET."""
    site.answer("a", status=302, headers={"Location": "/echo/b?y=2#there"}, body="")

    person.click(clicked)
    person.page.wait_for_url("**/echo/b?y=2#there")

    first, second = site.told()
    assert (first["by"], second["by"], second["method"]) == ("socket", "HTTP", "GET")


@pytest.mark.keeps_pages
def test_redirect_to_a_place_on_the_same_page_shows_what_has_changed(person, site):
    """A view redirects a form to an anchor on the form's own page, such as a new comment. The page
    shows the comment, also where a script of the page has a variable of its own named history."""
    person.page.add_script_tag(content="const history = []")
    site.answer("a", status=303, headers={"Location": "/page#comment"}, body="")
    site.show('<p id="comment">new</p>')

    person.click("#go")
    person.wait_until_shown("#comment")

    assert person.page.url == f"{site.url}/page#comment"
    person.page.go_back()
    person.page.wait_for_url("**/page")


@pytest.mark.parametrize("status", [307, 308])
def test_redirect_that_keeps_the_method_runs_no_script(person, site, status):
    """A view redirects a form by 307 or 308 to a javascript: address. Nothing runs, as by HTTP."""
    person.run("document.addEventListener('realtime:reply', () => (window.replied = true))")
    script = "javascript:void(window.ran=true)"
    site.answer("a", status=status, headers={"Location": script}, body="")

    person.click("#go")
    person.wait_for("() => window.replied")
    # The browser runs such an address in a task of its own, in front of this one.
    person.run("new Promise((resolve) => setTimeout(resolve))")

    assert not person.run("window.ran")
