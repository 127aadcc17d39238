"""Pages that require Trusted Types: if they cannot insert HTML, nothing is asked for over the
socket."""

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
    """A function that opens a page whose policy allows these names of Trusted Types policies."""

    def visit(names, **page):
        site.show(MAIN, headers=policy("first", names), **page)
        person = come(site.url)
        person.visit("/page")
        assert person.errors == []  # the client creates its policy when it first inserts HTML
        return person

    return visit


@pytest.mark.parametrize("clicked", ["#go", "#put", "#part"])
def test_form_goes_by_http_where_the_page_takes_no_html(visit, site, clicked):
    """The page's policy forbids to insert HTML. Forms are sent by HTTP from the start, and one
    message names the directive."""
    person = visit("'none'")
    site.answer("a", main="answer", headers=policy("second", "'none'"))

    person.click(clicked)
    person.page.wait_for_url("**/echo/a")

    assert site.wait_for_request()["by"] == "HTTP"
    if READS_CONSOLE:
        assert [error for error in person.errors if "add flask-realtime to trusted-types" in error]
    person.errors.clear()


def test_link_without_a_target_needs_no_html(visit, site):
    """A link without a target leads to a navigation and inserts no HTML, so it works over the
    socket without a policy error."""
    person = visit("'none'")
    site.answer("a", main="answer")

    person.click("#link")
    person.page.wait_for_url("**/echo/a")

    assert [request["by"] for request in site.wait_for_requests(2)] == ["socket", "HTTP"]


@pytest.mark.parametrize("clicked", ["#put", "#part"])
def test_answer_is_inserted_by_our_policy(visit, site, clicked):
    """The app's directive names our policy, and the answer appears in its target."""
    person = visit("flask-realtime")
    site.answer("a", body="<b>answer</b>")

    person.click(clicked)
    person.wait_for("() => here.textContent === 'answer'")

    assert site.wait_for_request()["by"] == "socket"


def test_whole_page_and_its_scripts_are_inserted_by_our_policy(visit, site):
    """The app's directive names our policy. A whole page appears, and those of its scripts run that
    the policy allows."""
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

    person.click("#go")
    person.wait_for("() => ran.length === 2")

    assert person.run("ran") == ["inline", "module"]


@pytest.mark.parametrize("first", ["form", "fragment"])
def test_fragments_and_forms_share_the_policy(visit, site, first):
    """The app names our policy once, and both fragments and forms work, whichever comes first."""
    person = visit("flask-realtime", channel="news")
    site.answer("a", body="<b>answer</b>")

    def submit():
        person.click("#put")
        person.wait_for("() => here.textContent === 'answer'")

    def push():
        site.update("<b>fragment</b>", "news")
        person.wait_for("() => here.textContent === 'fragment'")

    for act in (submit, push) if first == "form" else (push, submit):
        act()

    assert site.wait_for_request()["by"] == "socket"


def test_policy_of_the_apps_own_will_do(visit, site):
    """The app has a default policy of its own, and ours is not needed."""
    person = visit("default")
    person.run(
        """() => {
            const createHTML = (html) => html.replace("bad", "good");
            trustedTypes.createPolicy("default", { createHTML });
        }"""
    )
    site.answer("a", body="<b>bad</b>")

    person.click("#part")
    person.wait_for("() => here.textContent === 'good'")
    person.forgive("Creating a TrustedTypePolicy named 'flask-realtime' violates")
