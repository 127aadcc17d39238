"""What is larger than the server takes: it is told of, and goes by HTTP where that can be."""

import pytest

from ..integration.serving import ServerProcess
from .answering import FORM, ways
from .conftest import APPS
from .kinds import not_in
from .sites import Site

# WebKitGTK's HTTP library tells a page of another code.
pytestmark = not_in("webkit", "its HTTP library closes the socket by itself")


@pytest.fixture(scope="module")
def small_server():
    with ServerProcess(
        "gevent", "shapes:app", folder=APPS, REALTIME_MAX_MESSAGE_BYTES="4096"
    ) as server:
        yield server


@pytest.fixture
def site(small_server):
    """An app that takes messages of up to 4 KB, whose pages and answers a test sets."""
    return Site(small_server.url)


@pytest.fixture
def person(come, site):
    site.show(FORM)
    site.answer("a", main="answer")
    person = come(site.url)
    person.visit("/page")
    return person


def test_form_that_is_larger_than_messages_may_be_goes_by_http(person, site):
    """A person sends a text by a form with data-realtime that the server does not take over the
    socket. The app gets it once, by HTTP."""
    person.page.fill("#f [name=text]", "long " * 1_000)

    person.page.click("#go")
    person.wait_for("() => document.title === 'answer a'")

    assert ways(site) == ["HTTP"]


def test_call_that_is_too_large_is_made_once_and_told(person, site):
    """A script calls a route by GET with a message that is too large, while another call waits. The
    former fails with an error that says so, and the latter is answered by the next socket."""
    script = """async () => {
        const ends = [];
        document.addEventListener("realtime:close", ({ detail }) => ends.push(detail.code));
        const call = (text) => realtime.call("/echo/a", { json: text, timeout: 0 });
        const asked = [call("long ".repeat(1_000)), call("short")];
        const [large, small] = await Promise.allSettled(asked);
        return [large.reason.message, large.reason.wasSent, small.value.status, ends];
    }"""

    assert person.run(script) == ["Message is larger than 4096 bytes", False, 200, [1009]]
    assert ways(site) == ["socket"]
