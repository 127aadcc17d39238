"""A person uses examples/progress in a browser."""

import pathlib
import re

from playwright.sync_api import expect

from ..integration.serving import ServerProcess

# Records each text that a live region of the page shows.
WATCH = """() => {
  window.announced = [];
  const live = "output, [role=status], [role=alert], [role=log], [aria-live]:not([aria-live=off])";
  new MutationObserver((changes) => changes.forEach(({ target }) => {
    const region = (target.closest ? target : target.parentElement).closest(live);
    if (region) announced.push(region.textContent);
  })).observe(document.body, { childList: true, characterData: true, subtree: true });
}"""
PROGRESS = pathlib.Path(__file__).parents[2] / "examples" / "progress"
# The same app with shorter jobs.
QUICK = "tests.browser.apps.quick_progress:app"


def test_job_is_begun_and_watched_on_the_page_that_is_open(come):
    """Each press of the button adds a card to the page, which shows the progress of its job."""
    with ServerProcess("gevent", "app:app", folder=PROGRESS) as server:
        ada = come(server.url)
        ada.visit("/")
        page = ada.page

        for _ in range(2):
            page.click("text=Begin one")

        expect(page.locator("article")).to_have_count(2)
        for done in page.locator(".done").all():
            expect(done).to_have_text(re.compile(r"[1-9]\d* %"))
        assert page.url == f"{server.url}/"
        ada.close()


def test_screen_reader_is_told_of_a_job_s_end_alone(come):
    """A progress that changes ten times a second is outside of live regions, so a screen reader
    announces only the job's end."""
    with ServerProcess("gevent", QUICK, folder=PROGRESS) as server:
        ada = come(server.url)
        ada.visit("/")
        ada.run(WATCH)

        ada.page.click("text=Begin one")
        name = ada.page.locator("h2").text_content()
        expect(ada.page.locator("#told")).to_have_text(f"{name} is done.")

        assert ada.run("announced") == [f"{name} is done."]
        ada.close()
