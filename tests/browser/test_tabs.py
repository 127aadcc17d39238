"""Tabs that visitors of several tests use, and the reports of tests that fail in them."""

import subprocess
import sys

import pytest

from ..integration.serving import ROOT
from . import chromium, kinds

pytestmark = pytest.mark.skipif(
    kinds.KIND is not chromium, reason="only Chromium's tabs are shared"
)

FAILING = """
import pytest

pytestmark = pytest.mark.shares_tabs


@pytest.fixture
def person(come, site):
    site.show("<a id=link href=/page>page</a>", title="a page of the site")
    person = come(site.url)
    person.visit("/page")
    return person


def test_that_fails(person):
    person.page.keyboard.down("Shift")
    assert person.page.title() == "another page"


def test_in_a_new_tab(person):
    person.run('''() => addEventListener("click", (event) => {
        window.isShifted = event.shiftKey;
        event.preventDefault();
    })''')
    person.page.click("#link")
    assert person.run("isShifted") is False
"""


CHANGES = {
    "script of a page": lambda person: person.page.add_init_script("window.isOdd = true;"),
    "script of a context": lambda person: person.context.add_init_script("window.isOdd = true;"),
    "function of a page": lambda person: person.page.expose_function("note", lambda: None),
    "function of a context": lambda person: person.context.expose_binding("note", lambda _: None),
    "media": lambda person: person.page.emulate_media(color_scheme="dark"),
    "headers": lambda person: person.page.set_extra_http_headers({"X-Odd": "1"}),
    "size": lambda person: person.page.set_viewport_size({"width": 320, "height": 256}),
    "permission": lambda person: person.context.grant_permissions(["geolocation"]),
    "place": lambda person: person.context.set_geolocation({"latitude": 1, "longitude": 1}),
    "protocol": lambda person: person.context.new_cdp_session(person.page),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_changed_tab_is_not_for_another_visitor(browser, site, change):
    """A test has changed a tab in a way that lasts, as with a script that runs before those of each
    page. No later test gets the tab, in which its pages would be others."""
    person = chromium.Visitor(browser, site.url)

    change(person)
    person.visit("/page")

    assert not person.renew()
    person.close()


def test_tab_that_nothing_has_changed_is_for_another_visitor(browser, site):
    """Tests have visited pages in a tab, and no more. Later tests get the tab."""
    person = chromium.Visitor(browser, site.url)
    for _ in range(2):
        person.visit("/page")
        assert person.renew()
    person.close()


def test_failed_test_tells_what_it_saw_and_spoils_no_other(tmp_path):
    """A test fails while it holds a key. Its report has the page's state and requests, and the
    server's log; the next test has a tab where no key is held."""
    (tmp_path / "test_failing.py").write_text(FAILING)

    run = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-c", ROOT / "setup.cfg", "--rootdir", tmp_path),
            *("-p", "tests.browser.conftest", "-p", "no:cacheprovider", tmp_path),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )

    assert "1 failed, 1 passed" in run.stdout, run.stdout + run.stderr
    for part in (
        "The page of visitor 1",
        "a page of the site",
        "realtime: open",
        "The end of the log of http",
        "GET /page",
    ):
        assert part in run.stdout, run.stdout
