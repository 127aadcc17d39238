"""Where an answer leads to another address, its form or link goes there as a browser does."""

import pytest
from playwright.sync_api import Error

from .answering import visit_forms, ways
from .kinds import not_in

pytestmark = pytest.mark.shares_tabs


@pytest.fixture
def person(come, site):
    """A person at a page with two forms and two links, who has typed."""
    return visit_forms(come, site)


@pytest.mark.parametrize("status", [307, 308])
def test_redirect_that_keeps_the_method_keeps_the_fields(person, site, status):
    """A missing slash, which Flask answers with 308, loses nobody what was typed."""
    site.answer("a", status=status, headers={"Location": "/echo/b?y=2"}, body="")

    person.page.click("#go")
    first, second = site.wait_for_requests(2)

    assert (second["by"], second["method"], second["path"]) == ("socket", "POST", "/echo/b")
    assert second["body"] == first["body"] == "text=typed&button=go"
    person.page.wait_for_url("**/echo/b?y=2")
    assert person.page.title() == "answer b"


def test_redirect_that_keeps_the_method_leads_a_link_to_its_place(person, site):
    """A link whose slash is missing finds its part all the same."""
    site.answer("a", status=308, headers={"Location": "/echo/b"}, body="")
    site.answer("b", body="<b>part</b>")

    person.page.click("#part")
    person.wait_for("() => here.textContent === 'part'")

    assert ways(site) == ["socket", "socket"]


def test_redirect_that_keeps_the_method_leads_to_other_sites(person, site):
    """What is to be posted elsewhere the browser posts there."""
    elsewhere = site.url.replace("127.0.0.1", "localhost")
    site.answer("a", status=307, headers={"Location": f"{elsewhere}/echo/b"}, body="")

    person.page.click("#go")
    person.page.wait_for_url(f"{elsewhere}/echo/b")

    first, second = site.told()
    assert (first["by"], second["by"], second["method"]) == ("socket", "HTTP", "POST")
    assert second["body"] == first["body"] == "text=typed&button=go"


@not_in("webkit", "its driver tells of no page that could not be loaded")
def test_redirect_in_a_circle_ends(person, site):
    """Who is sent round and round is told so by the browser, and the app is not asked for ever."""
    site.answer("a", status=308, headers={"Location": "/echo/a"}, body="")

    with pytest.raises(Error, match=r"ERR_TOO_MANY_REDIRECTS|NS_ERROR_REDIRECT_LOOP"):
        person.page.click("#go")
        person.page.wait_for_url("**/nowhere")

    assert "HTTP" in ways(site)


@pytest.mark.parametrize("clicked", ["#go", "#put", "#link", "#part"])
def test_redirect_to_another_page_is_followed(person, site, clicked):
    """What the view answers with a redirect leads to the page, by a get."""
    site.answer("a", status=302, headers={"Location": "/echo/b?y=2#there"}, body="")

    person.page.click(clicked)
    person.page.wait_for_url("**/echo/b?y=2#there")

    first, second = site.told()
    assert (first["by"], second["by"], second["method"]) == ("socket", "HTTP", "GET")


@pytest.mark.keeps_pages
def test_redirect_to_a_place_on_the_same_page_shows_what_has_changed(person, site):
    """A view that redirects back to its page, to the new comment say, shows it."""
    site.answer("a", status=303, headers={"Location": "/page#comment"}, body="")
    site.show('<p id="comment">new</p>')

    person.page.click("#go")
    person.page.wait_for_selector("#comment")

    assert person.page.url == f"{site.url}/page#comment"
    person.page.go_back()
    person.page.wait_for_url("**/page")
