"""Browsers show the pages that the client, and the server's blocks, take for pages to show."""

import json
import pathlib

import pytest

pytestmark = pytest.mark.shares_tabs

DISPOSITIONS = json.loads((pathlib.Path(__file__).parents[1] / "dispositions.json").read_text())


def test_page_that_is_no_attachment_is_shown(come, site):
    """A person opens pages with a Content-Disposition that our rule does not take for an
    attachment. The browser shows each page, and saves none."""
    person = come(site.url)

    for disposition in DISPOSITIONS["shown"]:
        site.answer("a", title=f"({disposition})", headers={"Content-Disposition": disposition})
        person.page.goto(f"{site.url}/echo/a")

        assert person.run("document.title") == " ".join(f"({disposition})".split())
