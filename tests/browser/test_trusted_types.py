"""Pages that require Trusted Types: what can't be shown is not asked for over the socket."""

import pytest

from .kinds import READS_CONSOLE

pytestmark = pytest.mark.shares_tabs

MAIN = """<form method="post" action="/echo/a" data-realtime><button id="go">go</button></form>
<form method="post" action="/echo/a" data-realtime data-realtime-target="#here">
<button id="put">put</button></form>
<a id="part" href="/echo/a" data-realtime data-realtime-target="#here">part</a>
<a id="link" href="/echo/a" data-realtime>link</a><p id="here"></p>"""
POLICY = "script-src 'nonce-{}'; require-trusted-types-for 'script'; trusted-types {}"


def policy(nonce, names):
    return {"Content-Security-Policy": POLICY.format(nonce, names)}


@pytest.fixture
def visit(come, site):
    """A function that brings a person to a page under a policy of these names."""

    def visit(names, **page):
        site.show(MAIN, headers=policy("first", names), **page)
        person = come(site.url)
        person.visit("/page")
        assert person.errors == []  # nothing is tried before there is need
        return person

    return visit


@pytest.mark.parametrize("clicked", ["#go", "#put", "#part"])
def test_form_goes_by_http_where_the_page_takes_no_html(visit, site, clicked):
    """It is refused before it is sent, not behind; one message names the directive."""
    person = visit("'none'")
    site.answer("a", main="answer", headers=policy("second", "'none'"))

    person.page.click(clicked)
    person.page.wait_for_url("**/echo/a")

    assert site.wait_for_request()["by"] == "HTTP"
    if READS_CONSOLE:
        assert [
            error
            for error in person.errors
            if "Add that name to the directive trusted-types" in error
        ]
    person.errors.clear()


def test_link_without_a_place_needs_no_html(visit, site):
    """What is navigated to anyway is asked for as ever, and no policy is broken."""
    person = visit("'none'")
    site.answer("a", main="answer")

    person.page.click("#link")
    person.page.wait_for_url("**/echo/a")

    assert [request["by"] for request in site.wait_for_requests(2)] == ["socket", "HTTP"]


@pytest.mark.parametrize("clicked", ["#put", "#part"])
def test_part_is_put_into_its_place_by_a_policy_of_ours(visit, site, clicked):
    """An app that names it in its directive has what it asks for."""
    person = visit("flask-realtime")
    site.answer("a", body="<b>answer</b>")

    person.page.click(clicked)
    person.wait_for("() => here.textContent === 'answer'")

    assert site.wait_for_request()["by"] == "socket"


def test_page_and_its_scripts_are_shown_by_a_policy_of_ours(visit, site):
    """A whole page as well, with those of its scripts that may run."""
    person = visit("flask-realtime")
    person.run("() => { window.ran = []; }")
    site.answer("module", body="ran.push('module')", headers={"Content-Type": "text/javascript"})
    site.answer(
        "a",
        headers=policy("second", "flask-realtime"),
        main="<script nonce='second'>ran.push('inline')</script>"
        "<script nonce='second' type='module' src='/echo/module'></script>"
        "<script>ran.push('evil')</script>",
    )

    person.page.click("#go")
    person.wait_for("() => ran.length === 2")

    assert person.run("ran") == ["inline", "module"]


@pytest.mark.parametrize("first", ["form", "fragment"])
def test_fragments_and_forms_share_the_policy(visit, site, first):
    """A page whose app names ours once has both, whichever comes first."""
    person = visit("flask-realtime", channel="news")
    site.answer("a", body="<b>answer</b>")

    def submit():
        person.page.click("#put")
        person.wait_for("() => here.textContent === 'answer'")

    def push():
        site.update("<b>fragment</b>", "news")
        person.wait_for("() => here.textContent === 'fragment'")

    for act in (submit, push) if first == "form" else (push, submit):
        act()

    assert site.wait_for_request()["by"] == "socket"


def test_policy_of_the_apps_own_will_do(visit, site):
    """Where the app has a default policy, ours is not needed."""
    person = visit("default")
    person.run(
        """() => {
            const createHTML = (html) => html.replace("bad", "good");
            trustedTypes.createPolicy("default", { createHTML });
        }"""
    )
    site.answer("a", body="<b>bad</b>")

    person.page.click("#part")
    person.wait_for("() => here.textContent === 'good'")
    person.forgive("Creating a TrustedTypePolicy named 'flask-realtime' violates")
