"""Somebody uses examples/progress in a browser."""

import pathlib
import re

from playwright.sync_api import expect

from ..integration.serving import ServerProcess

PROGRESS = pathlib.Path(__file__).parents[2] / "examples" / "progress"


def test_job_is_begun_and_watched_on_the_page_that_is_open(come):
    """Each press of the button adds a card to the page, which shows how far its job is."""
    with ServerProcess("gevent", "app:app", folder=PROGRESS) as server:
        ada = come(server.url)
        ada.visit("/")
        page = ada.page

        for _ in range(2):
            page.click("text=Begin one")

        expect(page.locator("article")).to_have_count(2)
        for output in page.locator("output").all():
            expect(output).to_have_text(re.compile(r"[1-9]\d* %"))
        assert page.url == f"{server.url}/"
        ada.close()
