"""What a page does with the answer to a form or link: show it, insert it, save it, or ignore it."""

import pathlib

import pytest

from .answering import each_by_one_of, visit_forms, ways
from .kinds import NAME, READS_CONSOLE

pytestmark = pytest.mark.shares_tabs


HTMX = pathlib.Path(__file__).parents[1] / "js/node_modules/htmx.org/dist/htmx.min.js"
OTHER_ERRORS = [pytest.param(one, marks=pytest.mark.long) for one in (401, 403, 404, 413, 429, 500)]
DOWNLOAD = {"Content-Type": "text/csv", "Content-Disposition": "attachment; filename=a.csv"}


@pytest.fixture
def person(come, site):
    """A person on a page with two forms and two links, who has typed into the forms."""
    return visit_forms(come, site)


@pytest.mark.parametrize(
    ("clicked", "answer"),
    each_by_one_of(
        ["#link", "#part"],
        csv={"body": "a,b", "headers": DOWNLOAD},
        html={"body": "<b>a</b>", "headers": {**DOWNLOAD, "Content-Type": "text/html"}},
        empty={"body": "", "headers": DOWNLOAD},
    ),
)
def test_download_is_downloaded(person, clicked, site, answer):
    """A person follows a link to a file of any content. The browser saves the file, and the page
    stays."""
    site.answer("a", **answer)

    with person.expect_download() as download:
        person.click(clicked)

    assert download.value.suggested_filename == "a.csv"
    assert person.text("#here") == "before"


@pytest.mark.parametrize(
    ("clicked", "named"),
    each_by_one_of(
        ["#go", "#put"],
        plain=("attachment; filename=a.csv", "a.csv"),
        quoted=('attachment; filename="a \\"b\\".csv"', "a _b_.csv"),
        encoded=("Attachment; filename=a.csv; filename*=UTF-8''%C3%BC%20b.csv", "ü b.csv"),
        latin=("attachment; filename=a.csv; filename*=iso-8859-1'en'%FC%20b.csv", "ü b.csv"),
        none=("attachment", None),
    ),
)
def test_download_that_answers_a_form_is_saved(person, site, clicked, named):
    """A form exports data. The browser saves the file, the app is asked once, and the page
    stays."""
    disposition, name = named
    headers = {"Content-Type": "text/csv; charset=utf-8", "Content-Disposition": disposition}
    site.answer("a", body="\ufeffa,ü\r\n", headers=headers)

    with person.expect_download() as download:
        person.click(clicked)

    assert name is None or download.value.suggested_filename == name
    assert download.value.path().read_bytes() == "\ufeffa,ü\r\n".encode()
    assert ways(site) == ["socket"]
    assert person.text("#here") == "before"


def test_download_of_bytes_is_saved_as_they_are(person, site):
    """A form is answered with a picture or another binary file. The browser saves the bytes
    unchanged."""
    site.answer("a", base64="AAECgP8=", headers={**DOWNLOAD, "Content-Type": "image/png"})

    with person.expect_download() as download:
        person.click("#go")

    assert download.value.path().read_bytes() == bytes([0, 1, 2, 128, 255])


@pytest.mark.parametrize(
    ("clicked", "answer"),
    each_by_one_of(
        ["#link", "#part"],
        too_large={"body": f"<!-- {'x' * (5 * 2**20)} -->"},
        json={"body": '{"a": 1}', "headers": {"Content-Type": "application/json"}},
        text={"body": "a", "headers": {"Content-Type": "text/plain"}},
        sandbox={"body": "<b>no</b>", "headers": {"Content-Security-Policy": "img-src *; sandbox"}},
        lost={"body": "not there", "status": 404},
        broken={"body": "broken", "status": 500},
    ),
)
def test_link_to_what_is_no_part_of_the_page_is_navigated_to(person, site, clicked, answer):
    """A link leads to something that cannot be inserted into the page, so the browser navigates to
    it."""
    if NAME == "webkit" and "sandbox" in str(answer):
        pytest.skip("webkit: its driver runs nothing in a page that may run no scripts")
    site.answer("a", **answer)

    person.click(clicked)
    person.page.wait_for_url("**/echo/a?x=1")

    assert ways(site) == ["socket", "HTTP"]
    person.forgive("Failed to load resource")


@pytest.mark.parametrize(
    ("status", "clicked"),
    each_by_one_of([204, 205], go="#go", put="#put", part="#part", link="#link"),
)
def test_answer_without_content_changes_nothing(person, site, clicked, status):
    """A form is answered with 204, and the page stays as it is, as after a form that the browser
    sends."""
    site.answer("a", body="", status=status)

    person.click(clicked)
    person.wait_for("() => told.length && !document.querySelector('[aria-busy]')")

    assert person.page.url == f"{site.url}/page"
    assert person.text("#here") == "before"
    assert person.value("#plain input") == "typed"


@pytest.mark.parametrize("status", [200, 201, 422])
def test_target_shows_the_answer(person, site, status):
    """A success, and a form with validation errors (422), are both inserted into the form's
    target."""
    site.answer("a", status=status, body="<b>after</b>")

    person.click("#put")
    person.wait_for("() => here.textContent === 'after'")

    assert person.run("told") == [["reply", "into", status]]


@pytest.mark.parametrize("status", [400, 503, *OTHER_ERRORS])
def test_error_leaves_the_target_and_the_entries(person, site, status):
    """A form is answered with an error. Its target and its fields stay as they are, and the form
    gets an event."""
    site.answer("a", status=status, body="<b>wrong</b>")

    person.click("#put")
    person.wait_for("() => told.length === 2 && !document.querySelector('[aria-busy]')")

    assert person.run("told") == [["reply", "into", status], ["error", "into", "RealtimeRefused"]]
    assert person.text("#here") == "before"
    assert person.value("#field") == "typed"
    assert ways(site) == ["socket"]


def test_error_says_what_the_app_said(person, site):
    """A listener of realtime:error reads what the app answered, and can show it."""
    site.answer("a", status=403, body="<b>no</b>")
    person.run(
        """() => document.addEventListener("realtime:error", ({ detail }) => {
            window.error = [detail.status, detail.body, detail.wasSent];
        })"""
    )

    person.click("#put")
    person.wait_for("() => window.error")

    assert person.run("error") == [403, "<b>no</b>", True]


def test_error_page_of_a_form_without_a_target_is_shown(person, site):
    """A form without a target is answered with an error. The page shows the error page, as by HTTP,
    unless a listener prevents it."""
    site.answer("a", status=403, title="no", main="no")

    person.run(
        """() => document.addEventListener("realtime:error", (event) => event.preventDefault(), {
            once: true,
        })"""
    )
    person.click("#go")
    person.wait_for("() => told.length === 2 && !document.querySelector('[aria-busy]')")
    assert person.value("#plain input") == "typed"
    person.click("#go")
    person.wait_for("() => document.title === 'no'")

    assert person.page.url == f"{site.url}/echo/a"


@pytest.mark.parametrize(
    ("clicked", "headers"),
    each_by_one_of(
        ["#go", "#put"],
        attachment={"Content-Disposition": "attachment"},
        sandbox={"Content-Security-Policy": "default-src 'none', sandbox allow-scripts"},
        in_other_letters={"content-disposition": "ATTACHMENT; filename=x.html"},
        unknown_word={"Content-Disposition": "download"},
    ),
)
def test_upload_of_a_stranger_never_becomes_part_of_the_page(person, site, clicked, headers):
    """A form's answer is a file that another visitor has uploaded. Its HTML is not inserted into
    the page."""
    site.answer("a", body="<b id=evil>evil</b>", headers=headers)

    person.click(clicked)
    person.wait_for("() => told.length && !document.querySelector('[aria-busy]')")

    assert person.count("#evil") == 0
    assert person.page.url == f"{site.url}/page"


def test_target_that_fits_no_element_is_reported_and_the_form_is_sent(person, site):
    """A form's target has a typing error. The console names the target, and the form is sent all
    the same."""
    person.run("() => { into.dataset.realtimeTarget = '#nowehre'; }")

    person.click("#put")
    person.page.wait_for_url("**/echo/a")

    assert ways(site) == ["HTTP"]
    assert not READS_CONSOLE or person.errors == ["data-realtime-target fits no element: #nowehre"]
    person.errors.clear()


def test_script_element_is_not_a_target(person, site):
    """A form's target is a script element. The answer is not put there, and does not run."""
    person.run("() => { window.ran = []; document.body.append(document.createElement('script')); }")
    person.run("() => { into.dataset.realtimeTarget = 'script:empty'; }")
    site.answer("a", title="answer", body="ran.push(1)")

    person.click("#put")
    person.page.wait_for_url("**/echo/a")

    assert ways(site) == ["HTTP"]
    person.forgive("data-realtime-target fits no element")


def test_focus_stays_where_the_answer_has_it_again(person, site):
    """A person submits a form with Enter. The answer holds the same field again, and that field
    keeps the focus."""
    person.run("() => { here.append(into); }")
    site.answer("a", status=422, body='<form><input id="field" value="typed"> too short</form>')
    person.page.focus("#field")
    person.run("() => field.setSelectionRange(1, 3)")

    person.page.press("#field", "Enter")
    person.wait_for("() => here.textContent.includes('too short')")

    assert person.run("() => document.activeElement === field")
    assert person.run("() => [field.selectionStart, field.selectionEnd]") == [1, 3]


@pytest.mark.skipif(not HTMX.exists(), reason="'make tests/js/node_modules' was not run")
@pytest.mark.parametrize("clicked", ["#go", "#put"])
def test_htmx_works_on_elements_of_an_answer(come, site, clicked):
    """htmx attributes work on elements of an answer, whether it was inserted into a target or
    became the document."""
    site.answer("htmx", body=HTMX.read_text(), headers={"Content-Type": "text/javascript"})
    person = visit_forms(come, site, head='<script src="/echo/htmx"></script>')
    site.answer("a", body='<button id="ask" hx-get="/echo/b" hx-swap="outerHTML">ask</button>')
    site.answer("b", body="<b id='asked'>asked</b>")

    person.click(clicked)
    person.click("#ask")
    person.wait_until_shown("#asked")


def test_answer_to_a_form_may_take_as_long_as_it_likes(person, site):
    """A view takes long to answer a form. The answer is shown, because a form has no time limit, as
    by HTTP."""
    site.answer("a", is_held=True, body="<b>at last</b>")
    person.run(
        """() => { const set = setTimeout;
        window.setTimeout = (run, ms, ...rest) => ms === 30_000
          ? set(() => { run(); window.isOver = true; }, 0) : set(run, ms, ...rest); }"""
    )

    person.click("#put")
    site.wait_for_request()
    person.wait_for("() => window.isOver")
    site.release()

    person.wait_until_reads("#here b", "at last")
    assert person.run("told") == [["reply", "into", 200]]


def test_form_whose_answer_was_lost_is_not_sent_again(person, site):
    """The socket closes before a form's answer arrives. The form gets an error event, and is not
    sent a second time."""
    site.answer("a", is_held=True)

    person.click("#go")
    site.wait_for_request()
    person.run("() => realtime.close()")
    person.wait_for("() => told.length && !document.querySelector('[aria-busy]')")
    site.release()

    assert person.run("told") == [["error", "plain", "RealtimeInterrupted"]]
    assert person.page.url == f"{site.url}/page"
    assert site.told() == []
