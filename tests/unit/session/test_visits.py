"""A visit that keeps the page, such as htmx's boosted links, ends the subscriptions of the former
view's decorators."""

from __future__ import annotations

import pytest
from flask import redirect, render_template_string

from flask_realtime.protocol.starts import Start

from .pages import HEADER, OPEN, PAGE, SCRIPTED, clients

BOOSTED = {**HEADER, "HX-Request": "true", "HX-Boosted": "true"}
OF_HISTORY = {**HEADER, "HX-Request": "true", "HX-History-Restore-Request": "true"}
PART = {**HEADER, "HX-Request": "true"}
FORMER = {"former", "both", "own"}


@pytest.fixture(autouse=True)
def open_page(process):
    """A page subscribed to two channels by its former view's decorator, and to one by the app
    itself."""
    of_view = Start(by_view=True)
    process.registry.subscribe(OPEN, {"former": of_view, "both": of_view, "own": None})


def show(grants, page=PAGE, status=200):
    """Register a view with a decorator that subscribes its page, and with this answer."""

    def view():
        grants.subscribe(["both", "new"], by_view=True)
        return page, status

    return view


@pytest.mark.parametrize("headers", [BOOSTED, OF_HISTORY])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_visit_of_htmx_replaces_what_the_former_view_had_subscribed(
    grants, process, ask, headers, method
):
    """A boosted link leads to another view. The decorator's former subscriptions end, and those of
    the app itself stay."""
    ask(show(grants), headers=headers, method=method)

    assert clients(process) == {OPEN: {"both", "new", "own"}}


def test_visit_to_a_view_that_subscribes_nobody_ends_it_too(process, ask):
    """The new view and its page do not use the extension. The former subscriptions end all the
    same."""
    ask(lambda: "<main>new</main>", headers=BOOSTED)

    assert clients(process) == {OPEN: {"own"}}


def test_visit_may_be_answered_with_a_part_of_a_page(grants, process, ask):
    """An app leaves out the layout for htmx's requests. The answer still counts as a visit."""
    ask(show(grants, "<main>new</main>"), headers=BOOSTED)

    assert clients(process) == {OPEN: {"both", "new", "own"}}


def test_whole_page_that_our_client_asked_for_is_a_visit(grants, process, ask):
    """A form sent over the socket is answered with a whole page, which counts as a visit."""

    def view():
        grants.subscribe(["new"], by_view=True)
        return render_template_string(SCRIPTED)

    ask(view, headers=HEADER)

    assert clients(process) == {OPEN: {"new", "own"}}


@pytest.mark.parametrize("page", ["<li>part</li>", {"json": 1}])
def test_part_of_a_page_is_no_visit(grants, process, ask, page):
    """An answer that is a part of a page is shown within the present view, and ends no
    subscription."""
    ask(show(grants, page), headers=HEADER)

    assert clients(process) == {OPEN: {*FORMER, "new"}}


def test_page_of_which_htmx_takes_a_part_is_no_visit(grants, process, ask):
    """hx-select takes one element of a whole page, perhaps every ten seconds. That ends no
    subscription."""

    def view():
        grants.subscribe(["new"], by_view=True)
        return render_template_string(SCRIPTED)

    ask(view, headers=PART)

    assert clients(process) == {OPEN: {*FORMER, "new"}}


@pytest.mark.parametrize("status", [204, 302, 400, 403, 404, 500])
def test_visit_that_fails_leaves_the_page_as_it_was(grants, process, ask, status):
    """htmx shows no error pages and follows redirects, so neither ends a subscription."""
    answer = (lambda: redirect("/there")) if status == 302 else show(grants, status=status)
    ask(answer, headers=BOOSTED)

    expected = {*FORMER, "new"} if status == 204 else FORMER
    assert clients(process) == {OPEN: expected}


@pytest.mark.parametrize("headers", [HEADER, PART, BOOSTED])
@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("page", [SCRIPTED, '<body id="{{ realtime_connection_id() }}">'])
def test_form_with_errors_adds_what_its_view_subscribes_to(
    grants, process, ask, headers, method, page
):
    """A whole page of 422 takes the place of the open one, and is live as if it had been loaded. It
    ends nothing: a script may look at the status alone, and show its own page on."""

    def view():
        grants.subscribe(["both", "new"], by_view=True)
        return render_template_string(page), 422

    ask(view, headers=headers, method=method)

    assert clients(process) == {OPEN: {*FORMER, "new"}}


@pytest.mark.parametrize("page", ["<li>part</li>", {"json": 1}])
@pytest.mark.parametrize("headers", [HEADER, PART, BOOSTED])
def test_errors_that_are_no_page_subscribe_nobody(grants, process, ask, page, headers):
    """A part of a page, or JSON, with status 422 tells an open page what was wrong, no more."""
    ask(show(grants, page, 422), headers=headers)

    assert clients(process) == {OPEN: FORMER}


@pytest.mark.parametrize("status", [400, 403, 404, 409, 500])
def test_page_of_another_error_subscribes_nobody(grants, process, ask, status):
    """A whole page that refuses is not subscribed, in whatever way a browser asks for it."""

    def view():
        grants.subscribe(["new"])
        return render_template_string(SCRIPTED), status

    ask(view, headers=HEADER, method="POST")

    assert clients(process) == {OPEN: FORMER}


def test_visit_that_names_no_page_leads_to_a_new_one(grants, process, ask):
    """A boosted request without the page's id is subscribed as a new page."""
    without_page = {name: value for name, value in BOOSTED.items() if name not in HEADER}

    ask(lambda: grants.subscribe(["a"]) or PAGE, headers=without_page)

    assert clients(process)[OPEN] == FORMER


def test_channel_that_the_app_subscribes_to_again_stays_at_the_next_visit(grants, process, ask):
    """A channel of the former view's decorator, to which the app itself subscribes again, stays at
    the next visit."""

    def view():
        grants.subscribe(["both"], by_view=True)
        grants.subscribe(["both", "former"])
        return PAGE

    ask(view, headers=BOOSTED)

    found = process.registry.subscriptions([OPEN])[OPEN]
    assert {name for name, one in found.items() if one.by_view} == set()
    assert set(found) == FORMER


def test_page_that_was_rendered_keeps_who_subscribed_it(grants, process, ask):
    """A rendered page remembers which subscriptions come from its decorator, for its first
    visit."""

    def view():
        grants.subscribe(["view", "both"], last=1, by_view=True)
        grants.subscribe(["both", "own"])
        return PAGE

    ask(view)

    (page,) = set(clients(process)) - {OPEN}
    found = process.registry.subscriptions([page])[page]
    assert {name: one.by_view for name, one in found.items()} == {
        "view": True,
        "both": False,
        "own": False,
    }
