"""Pages with forms and links whose answers a test sets."""

from __future__ import annotations

import pytest

INTO = 'data-realtime data-realtime-target="#here"'
MAIN = f"""<form id="plain" method="post" action="/echo/a" data-realtime><input name="text">
<button id="go" name="button" value="go">go</button></form>
<form id="into" method="post" action="/echo/a" {INTO}><input name="text" id="field">
<button id="put">put</button></form>
<a id="link" href="/echo/a?x=1" data-realtime>link</a>
<a id="part" href="/echo/a?x=1" {INTO}>part</a>
<p id="here">before</p>"""
NOTE = """() => {
    window.told = [];
    for (const name of ["reply", "error"]) {
        document.addEventListener(`realtime:${name}`, ({ target, detail }) => {
            told.push([name, target.id, detail.name ?? detail.status]);
        });
    }
}"""


def visit_forms(come, site, **page):
    """Open the page with forms and links, and type into its forms. Returns the visitor."""
    site.show(MAIN, **page)
    site.answer("a")
    person = come(site.url)
    person.visit("/page")
    person.run(NOTE)
    person.fill("#plain input", "typed")
    person.fill("#into input", "typed")
    return person


def ways(site):
    """Return, for each request that the app got, how it came: "socket" or "HTTP"."""
    return [request["by"] for request in site.told()]


FORM = """<form id="f" method="post" action="/echo/a#there" data-realtime><input name="text">
<button id="go" name="button" value="go">go</button></form>"""
JAVASCRIPT = {"Content-Type": "text/javascript"}


def visit_form(come, site, main="", **page):
    """Open a page with one form. Returns the visitor."""
    site.show(FORM + main, **page)
    person = come(site.url)
    person.visit("/page")
    person.run("() => { window.isTheSame = true; }")
    return person


def send_form(person):
    """Send the form, and wait for the page that answers it."""
    person.click("#go")
    person.wait_for("() => document.title === 'answer a' && !document.querySelector('[aria-busy]')")


def each_by_one_of(ways, **cases):
    """Return parameters of a way to ask and a case of what is answered: each case by one way, and
    by the others for make test-long.

    What is done with an answer does not depend on how it was asked for.
    """
    return [
        pytest.param(
            way, case, id=f"{way}-{name}", marks=[pytest.mark.long] * (number % len(ways) != at)
        )
        for number, (name, case) in enumerate(cases.items())
        for at, way in enumerate(ways)
    ]
