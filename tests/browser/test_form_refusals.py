"""Forms and links of an app that allows no calls are sent by HTTP, as if there were no socket."""

import pytest

from ..integration.serving import ServerProcess
from .conftest import APPS
from .sites import Site

pytestmark = pytest.mark.shares_tabs

MAIN = """<form id="f" method="post" action="/echo/a?x=1" data-realtime>
<textarea name="text">a
b</textarea><input name="submit" value="s">
<button id="go" name="button" value="go">go</button></form>
<form id="search" action="/echo/a" data-realtime><input name="q" value="1">
<button id="find">find</button></form>
<a id="link" href="/echo/a?x=1" data-realtime data-realtime-target="#here">link</a>
<p id="here"></p>"""


@pytest.fixture(scope="module")
def closed_server():
    closed = {"REALTIME_ALLOW_CALLS": "false"}
    with ServerProcess("gevent", "shapes:app", folder=APPS, **closed) as server:
        yield server


@pytest.fixture
def site(closed_server):
    """An app that allows no calls, whose pages and answers a test sets."""
    return Site(closed_server.url)


@pytest.fixture
def person(come, site):
    """A person at a page of that app."""
    site.show(MAIN)
    site.answer("a", main="answer")
    person = come(site.url)
    person.visit("/page")
    return person


@pytest.mark.parametrize(
    "clicked, method, address",
    [
        ("#go", "POST", "/echo/a?x=1"),
        ("#find", "GET", "/echo/a?q=1"),
        ("#link", "GET", "/echo/a?x=1"),
    ],
)
def test_form_and_link_go_by_http_once(person, site, clicked, method, address):
    """The app gets one request by HTTP for a form or a link, and the browser shows its answer as
    the next page."""
    person.click(clicked)
    person.wait_for("() => document.title === 'answer a'")

    request = site.wait_for_request()
    assert (request["by"], request["method"]) == ("HTTP", method)
    assert person.page.url == site.url + address
    assert person.run("() => performance.getEntriesByType('navigation')[0].type") == "navigate"


def test_fields_and_button_are_sent_as_they_were(person, site):
    """The HTTP request has the fields and the button of the moment of the submission, and listeners
    get the submit event once."""
    person.page.expose_function("note", lambda: asked.append(1))
    asked = []
    person.run(
        """() => {
            f.addEventListener("submit", () => note());
            f.addEventListener("formdata", ({ formData }) => formData.append("more", 1));
            document.addEventListener("formdata", ({ formData }) => formData.append("most", 1));
        }"""
    )

    person.click("#go")
    person.wait_for("() => document.title === 'answer a'")

    assert site.wait_for_request()["body"] == "text=a%0D%0Ab&submit=s&button=go&more=1&most=1"
    assert asked == [1]


def test_back_button_gives_the_form_as_it_was(person, site):
    """After the back button the form is not busy, and its button can be pressed."""
    person.click("#go")
    person.wait_for("() => document.title === 'answer a'")

    person.run("() => history.back()")
    person.wait_for("() => document.title === 'page'")

    assert person.run("() => [go.disabled, f.ariaBusy]") == [False, None]
    person.forgive("WebSocket connection to")


def test_refusal_raises_no_events(person, site):
    """The server's refusal to answer over the socket raises no event on the page."""
    person.page.expose_function("note", lambda name: told.append(name))
    told = []
    person.run(
        """() => ["reply", "error"].forEach((name) =>
            document.addEventListener(`realtime:${name}`, () => note(name)))"""
    )

    person.click("#link")
    person.wait_for("() => document.title === 'answer a'")

    assert told == []
