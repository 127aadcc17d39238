"""An answer to a form has a Content-Security-Policy, and the page with the form has none."""

import pytest

from .answering import INTO, JAVASCRIPT, visit_form, visit_forms
from .chromium import IMPATIENT

pytestmark = pytest.mark.shares_tabs


def noting(what, of="window"):
    return f"({of}.ran ||= []).push('{what}')"


CODE = f"""<p id="handler" onclick="{noting("handler")}">x</p>
<a id="runs" href=" java&#10;script:void({noting("link")})">x</a>
<template id="kept"><p id="cloned" onclick="{noting("template")}">x</p></template>
<iframe srcdoc="<script>{noting("frame", "parent")}</script>"></iframe>"""
SCRIPTS = f"<script>{noting('inline')}</script><script src='/echo/file'></script>"
TRY = """async () => {
    document.querySelector("#handler").click();
    document.querySelector("#runs").click();
    document.body.append(document.querySelector("#kept").content.cloneNode(true));
    document.querySelector("#cloned").click();
    await fetch("/requests");
}"""
HANDLERS = ["handler", "template"]
INLINE = ["frame", "inline", "link"]
POLICIES = {
    "img-src *": ["file", *HANDLERS, *INLINE],
    "script-src 'self'": ["file"],
    "default-src 'SELF'": ["file"],
    "script-src 'nonce-n'": [],
    "script-src https://cdn.example": [],
    "script-src *": ["file"],
    "script-src http:": ["file"],
    "script-src https:": [],
    "script-src HOST": ["file"],
    "script-src http://HOST/echo/": ["file"],
    "script-src HOST/echo/file": ["file"],
    "script-src HOST/other/": [],
    "script-src HOST/echo": [],
    "script-src 'self' 'unsafe-inline'": ["file", *HANDLERS, *INLINE],
    "script-src 'unsafe-inline'": [*HANDLERS, *INLINE],
    "script-src 'self' 'unsafe-inline'; script-src-attr 'none'": ["file", *INLINE],
    "script-src 'self'; script-src-attr 'unsafe-inline'": ["file", *HANDLERS],
    "Script-Src-Attr 'none'": ["file", *INLINE],
    "script-src 'self' 'unsafe-inline', script-src 'self'": ["file"],
    "script-src 'self', script-src 'unsafe-inline'": [],
}
# Policies whose sources are compared with an address just as those of others are.
OTHERS = [f"script-src {source}" for source in ("http:", "https://cdn.example", "HOST")]


@pytest.fixture
def answer(site):
    """A function that sets the answer of the form, with a policy."""

    def answer(policy, **parts):
        site.answer("file", body=noting("file"), headers=JAVASCRIPT)
        policy = policy.replace("HOST", site.url.removeprefix("http://"))
        site.answer("a", headers={"Content-Security-Policy": policy}, **parts)

    return answer


def running(what, name="script", **attributes):
    told = "".join(f' {key}="{value}"' for key, value in attributes.items())
    return f"<{name}{told}>{noting(what)}</{name}>"


def what_runs(person, count):
    """Click what can be clicked, wait for *count* pieces of code, return all that ran."""
    person.run(TRY)
    person.wait_for("count => (window.ran ?? []).length >= count", count)
    person.run("() => fetch('/requests').then(() => 0)")
    ran = person.run("window.ran ?? []")
    person.errors.clear()  # the browser tells of all that it has not run
    return sorted(ran)


@pytest.mark.parametrize(
    "policy",
    [pytest.param(one, marks=[pytest.mark.long] * (one in OTHERS)) for one in POLICIES],
)
def test_page_that_answers_runs_what_its_policy_allows(come, site, answer, policy):
    """What runs in a page that answers a form is what runs after a navigation to that page."""
    person = visit_form(come, site)
    answer(policy, main=CODE + SCRIPTS)
    person.click("#go")
    person.wait_until_shown("#handler")

    ran = what_runs(person, len(POLICIES[policy]))

    assert ran == sorted(POLICIES[policy])
    person.page.goto(f"{site.url}/echo/a")
    assert what_runs(person, len(ran)) == ran


@pytest.mark.parametrize("policy", ["img-src *", "script-src 'self'", "script-src 'nonce-n'"])
def test_part_of_a_page_runs_what_the_policy_of_its_answer_allows(come, site, answer, policy):
    """HTML that a form puts into an element has the handlers and addresses that the answer's policy
    allows."""
    person = visit_forms(come, site)
    answer(policy, body=CODE)
    person.click("#put")
    person.wait_until_shown("#handler")
    expected = [one for one in POLICIES[policy] if one not in ("file", "inline")]

    assert what_runs(person, len(expected)) == sorted(expected)


def test_what_is_no_code_stays_under_a_strict_policy(come, site, answer):
    """A policy for scripts takes no text, no links and no data from an answer."""
    main = """<a id="to" href="/page">to</a><input id="field" value="javascript:x">
    <script id="data" type="application/json">{"a": 1}</script>"""
    person = visit_form(come, site)
    answer("script-src 'self'", main=main)
    person.click("#go")
    person.wait_until_shown("#to")

    kept = person.run(
        """() => ["#to", "#field", "#data"].map((one) => {
            const { href, value, type } = document.querySelector(one);
            return href ?? value ?? type;
        })"""
    )

    assert kept == [f"{site.url}/page", "javascript:x", "application/json"]


@pytest.mark.parametrize("fail", [lambda route: route.abort(), lambda route: None])
def test_answer_is_not_shown_if_its_policy_cannot_be_kept(come, site, answer, fail):
    """The script that keeps the policy cannot be loaded, or does not come. The page is loaded anew,
    and shows nothing of the answer."""
    person = visit_form(come, site)
    answer("script-src 'self'", main=CODE)
    person.page.route("**/realtime-html.js*", fail)
    person.run(IMPATIENT)

    person.click("#go")

    person.wait_for("() => !window.isTheSame && document.readyState === 'complete'")
    assert person.page.title() == "page"
    assert any(error.endswith("cannot be loaded.") for error in person.errors)
    person.errors.clear()


@pytest.mark.parametrize("way", ["fragment", "block", "form"])
def test_what_comes_into_an_answer_later_runs_what_the_policy_of_the_page_allows(
    come, site, answer, way
):
    """A page that answers a form has a policy. A fragment, a block and a part of another answer,
    which come later and have none, run no more than after a navigation to that page."""
    person = visit_form(come, site)
    put = f"""<form method="post" action="/echo/part" {INTO}><button id="put">put</button></form>"""
    block = "{{% block here %}}{}{{% endblock %}}"
    page = """<!doctype html><title>answer a</title><body>{{ realtime_script() }}"""
    page += f"""{put}<div id="here" data-realtime-block="here" data-realtime-on="news">"""
    answer("script-src 'self'", page=page + block.format("before"), channel="news")
    person.click("#go")
    person.wait_until_shown("#here")

    if way == "fragment":
        site.update(CODE, "news")
    elif way == "block":
        answer("script-src 'self'", page=page + block.format(CODE), channel="news")
        site.refresh("news")
    else:
        site.answer("part", body=CODE)
        person.click("#put")
    person.wait_until_shown("#handler")

    assert what_runs(person, 0) == []


def test_copies_of_a_template_run_no_script_that_the_policy_of_the_answer_forbids(
    come, site, answer
):
    """Scripts in a template run once a script of the page copies them, by whatever name the answer
    calls them JavaScript."""
    person = visit_form(come, site)
    scripts = running("script") + running("old", type="text/jscript")
    scripts += running("module", type=" module ") + f"<svg>{running('svg')}</svg>"
    answer("script-src 'self'", main=f'<template id="kept">{scripts}</template><p id="handler">x')
    person.click("#go")
    person.wait_until_shown("#handler")
    person.run(
        "() => document.body.append(document.querySelector('#kept').content.cloneNode(true))"
    )

    assert person.run("() => fetch('/requests').then(() => window.ran)") is None
