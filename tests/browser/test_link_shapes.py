# ruff: noqa: E501 - one shape a line
"""Links of every shape: those that the socket can follow, and those that are left to the
browser."""

import pytest

from .kinds import NAME, not_in

pytestmark = pytest.mark.shares_tabs

INTO = 'data-realtime data-realtime-target="#here"'
HERE = '<p id="here"></p>'
# WebKit ignores the areas of a broken image.
DOT = "data:image/gif;base64,R0lGODlhAQABAIAAAP///wAAACH5BAEAAAAALAAAAAABAAEAAAICRAEAOw=="

# Links that the socket follows: the answer is inserted into the page.
FOLLOWED = {
    "link": f'<a id="go" href="/echo/a?x=1" {INTO}>go</a>',
    "part of a link": f'<a href="/echo/a?x=1" {INTO}>a <b id="go">go</b></a>',
    "link in a picture": '<svg width="90" height="40"><a href="/echo/a?x=1" '
    f'{INTO}><text id="go" y="20">go</text></a></svg>',
    "link in a picture, as it was": '<svg width="90" height="40"><a xlink:href="/echo/a?x=1" '
    f'{INTO}><text id="go" y="20">go</text></a></svg>',
    "area of a picture": f'<img id="go" usemap="#map" src="{DOT}" alt="" style="width: 60px; height: 40px">'
    f'<map name="map"><area shape="default" href="/echo/a?x=1" alt="go" {INTO}></map>',
    "link to a place on this page": f'<a id="go" href="/page#there" {INTO}>go</a>',
    "this frame": f'<base target="other"><a id="go" href="/echo/a?x=1" target="_self" {INTO}>go</a>',
    "address of its own kind": f'<base href="/echo/"><a id="go" href=" a?x=1 " {INTO}>go</a>',
}

# Links that are left to the browser.
LEFT = {
    "another frame": f'<iframe name="other"></iframe><a id="go" href="/echo/a" target="other" {INTO}>go</a>',
    "another frame for all": f'<base target="other"><iframe name="other"></iframe><a id="go" href="/echo/a" {INTO}>go</a>',
    "download": f'<a id="go" href="/echo/a" download {INTO}>go</a>',
    "ping": f'<a id="go" href="/echo/a" ping="/echo/ping" {INTO}>go</a>',
    "no referrer": f'<a id="go" href="/echo/a" rel="nofollow noreferrer" {INTO}>go</a>',
    "off": '<a id="go" href="/echo/a" data-realtime="false" data-realtime-target="#here">go</a>',
    "in what people wrote": f'<div data-realtime-ignore><i><a id="go" href="/echo/a" {INTO}>go</a></i></div>',
    "place that there is not": '<a id="go" href="/echo/a" data-realtime data-realtime-target="#nowhere">go</a>',
    "place that there cannot be": '<a id="go" href="/echo/a" data-realtime data-realtime-target="##">go</a>',
    "another site's": f'<a id="go" href="http://localhost:{{port}}/echo/a" {INTO}>go</a>',
}

# Links for which a browser sends no request.
NOTHING = {
    "place on this page": '<a id="go" href="#there" data-realtime>go</a>',
    "mail": pytest.param(
        f'<a id="go" href="mailto:ada@example.com" {INTO}>go</a>',
        marks=not_in("webkit", "its window leaves the page to say that it can send none"),
    ),
    "script": f'<a id="go" href="javascript:void 0" {INTO}>go</a>',
    "being written": f'<p contenteditable><a id="go" href="/echo/a" {INTO}>go</a></p>',
}


def click(person, site, main):
    port = site.url.rpartition(":")[2]
    site.show(main.replace("{port}", port) + HERE)
    person.visit("/page")
    corner = person.run("() => document.querySelector('#go').getBoundingClientRect().toJSON()")

    person.page.mouse.click(corner["x"] + 4, corner["y"] + 4)


@pytest.mark.parametrize("shape", FOLLOWED.values(), ids=FOLLOWED)
def test_link_brings_its_answer_into_the_page(come, site, shape):
    """A person follows a link of HTML or SVG. Its answer comes over the socket, and the page
    stays."""
    person = come(site.url)
    site.answer("a", body="<b>answer</b>")

    click(person, site, shape)
    person.wait_for("() => document.querySelector('#here *')")

    assert person.page.url == f"{site.url}/page"
    assert [request["by"] for request in site.told()] == ["socket"] * ("/echo" in shape)


@pytest.mark.parametrize("shape", LEFT.values(), ids=LEFT)
def test_link_that_needs_the_browser_is_left_to_it(come, site, shape):
    """A link with a frame, a download, a ping, another site or editable text does what it does
    without the client."""
    person = come(site.url)
    site.answer("a", body="<b>answer</b>")

    click(person, site, shape)

    # Firefox sends a ping only if its user has enabled that.
    pings = "ping=" in shape and NAME != "firefox"
    told = site.wait_for_requests(1 + pings)
    assert ("HTTP", "/echo/a") in [(request["by"], request["path"]) for request in told]
    assert "socket" not in [request["by"] for request in told]
    person.forgive("data-realtime-target fits no element")


@pytest.mark.parametrize("shape", NOTHING.values(), ids=NOTHING)
def test_link_to_nowhere_asks_nobody(come, site, shape):
    """A browser sends no request for such a link, so the socket sends none."""
    person = come(site.url)

    click(person, site, shape)
    # Messages of a socket are answered in order, so no request was sent before this one.
    person.run("() => realtime.call('/echo/last')")

    assert [request["path"] for request in site.told()] == ["/echo/last"]


def test_link_in_a_shadow_tree_is_followed(come, site):
    """A link inside a custom element is followed over the socket like other links of the page."""
    person = come(site.url)
    site.answer("a", body="<b>answer</b>")
    site.show(f'<div id="host"></div>go{HERE}')
    person.visit("/page")
    person.run(
        """(link) => { document.querySelector("#host").attachShadow({ mode: "open" }).innerHTML = link; }""",
        f'<a id="go" href="/echo/a" {INTO}>go</a>',
    )

    corner = person.run(
        "() => host.shadowRoot.querySelector('#go').getBoundingClientRect().toJSON()"
    )
    person.page.mouse.move(corner["x"] + 4, corner["y"] + 4)
    person.page.mouse.down()
    person.wait_for_forms(is_sure=True)
    person.page.mouse.up()
    person.wait_for("() => document.querySelector('#here b')")

    assert site.wait_for_request()["by"] == "socket"


def test_link_to_a_blob_is_left_to_the_browser(come, site):
    """The address of a blob has the page's own origin, but is not a route of the app."""
    person = come(site.url)
    site.show(f'<a id="go" {INTO}>go</a>{HERE}')
    person.visit("/page")
    person.run("() => { go.href = URL.createObjectURL(new Blob(['hi'], { type: 'text/plain' })); }")

    person.click("#go")
    person.page.wait_for_url("blob:**")

    assert site.told() == []


def test_link_without_a_target_is_navigated_to(come, site):
    """A person follows a link without a target. The answer comes over the socket, where a listener
    may take it; then the browser navigates there."""
    person = come(site.url)

    click(person, site, '<a id="go" href="/echo/a?x=1#there" data-realtime>go</a>')
    person.page.wait_for_url("**/echo/a?x=1#there")

    assert [request["by"] for request in site.wait_for_requests(2)] == ["socket", "HTTP"]
