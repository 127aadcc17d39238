"""The tutorial works in a browser: each of its code blocks is run."""

import pathlib
import re
import subprocess
import sys
import textwrap

import pytest
from playwright.sync_api import expect

from ..integration.serving import ServerProcess

TUTORIAL = pathlib.Path(__file__).parents[2] / "docs" / "from-polling-to-pushing.rst"


def code_blocks(language):
    pattern = rf"^\.\. code-block:: {re.escape(language)}\n\n((?:    .*\n|\n)+)"
    blocks = re.findall(pattern, TUTORIAL.read_text(), re.MULTILINE)
    return [textwrap.dedent(block) for block in blocks]


POLLING_APP, PUSHING_APP, SERVED, TELEPHONE, FRAGMENT, DATABASE_APP = code_blocks("python")
POLLING_PAGE, PUSHING_PAGE, ITEM, FRAGMENT_PAGE, BLOCK_PAGE = code_blocks("html+jinja")
[SERVED_LISTENER] = code_blocks("html")
[STYLE] = code_blocks("css")

# The browser asks for an icon, and reports an error if the app has none.
ICON = '<link rel="icon" href="data:,">'


@pytest.fixture
def run(tmp_path):
    """A function that runs an app with one page."""

    def run(app, page, kind="dev", **options):
        (tmp_path / "cafe.py").write_text(app)
        (tmp_path / "templates").mkdir()
        (tmp_path / "templates" / "order.html").write_text(ITEM)
        page = page.replace("<title>", f"{ICON}<title>")
        (tmp_path / "templates" / "board.html").write_text(page)
        return ServerProcess(kind, "cafe:app", folder=tmp_path, **options)

    return run


def order(page, what):
    page.fill("[name=what]", what)
    page.click("button")


def test_first_step_is_a_page_that_polls(run, come):
    """The board from which the tutorial starts works by polling."""
    with run(POLLING_APP, POLLING_PAGE.replace("5000", "100")) as server:
        ada, ben = come(server.url), come(server.url)
        for person in (ada, ben):
            person.visit("/", is_open=False)

        order(ada.page, "Tea")

        expect(ben.page.locator("li")).to_have_text(["Tea"])
        for person in (ada, ben):
            person.close()


def test_step_with_pushes_shows_each_order_once(run, come, redis_url, tmp_path):
    """Orders from the page and from a job appear on each board once, and disappear when they are
    served."""
    subscribed = PUSHING_APP.replace('subscribe("orders")', 'subscribe("orders", "orders.served")')
    page = f"{PUSHING_PAGE}{SERVED_LISTENER}<style>{STYLE}</style>"
    environ = {"FLASK_REALTIME_REDIS": redis_url, "FLASK_REALTIME_REDIS_PREFIX": "cafe"}
    telephone = TELEPHONE.replace("redis://localhost:6379/0", redis_url)
    telephone = telephone.replace(f'"{redis_url}"', f'"{redis_url}", prefix="cafe"')
    with run(subscribed + SERVED, page, "gevent", workers=2, **environ) as server:
        ada, ben = come(server.url), come(server.url)
        for person in (ada, ben):
            person.visit("/")
        shown = [person.page.locator("li") for person in (ada, ben)]

        order(ada.page, "Tea & <b>cake</b>")
        expect(shown[1]).to_have_text(["Tea & <b>cake</b>"])
        subprocess.run([sys.executable, "-c", telephone, "Espresso"], check=True, cwd=tmp_path)
        for items in shown:
            expect(items).to_have_text(["Tea & <b>cake</b>", "Espresso"])
        ben.page.click("text=Tea")
        for items in shown:
            expect(items).to_have_text(["Espresso"])
        server.stop()

        expect(ben.page.locator("ul")).to_have_css("opacity", "0.5")
    for person in (ada, ben):
        # The browser reports a server that is down.
        person.forgive("WebSocket connection to", "Failed to load resource: net::")


def test_step_with_a_fragment_needs_no_script(run, come):
    """The server pushes HTML, and the page has no script of its own."""
    begin = PUSHING_APP.index('@app.post("/orders")')
    with run(PUSHING_APP[:begin] + FRAGMENT, FRAGMENT_PAGE, "gevent") as server:
        ada, ben = come(server.url), come(server.url)
        for person in (ada, ben):
            person.visit("/")

        order(ada.page, "Tea & <b>cake</b>")

        for person in (ada, ben):
            expect(person.page.locator("li")).to_have_text(["Tea & <b>cake</b>"])
    for person in (ada, ben):
        # The browser reports a server that is down.
        person.forgive("WebSocket connection to", "Failed to load resource: net::")


def test_step_with_a_database_refreshes_a_block(run, come, redis_url, tmp_path):
    """A commit refreshes every page, and each page shows its own viewer's part."""
    environ = {
        "FLASK_REALTIME_REDIS": redis_url,
        "FLASK_REALTIME_REDIS_PREFIX": "cafe-database",
        "FLASK_SQLALCHEMY_DATABASE_URI": f"sqlite:///{tmp_path}/orders.sqlite",
    }
    with run(DATABASE_APP, BLOCK_PAGE, "gevent", workers=1, **environ) as server:
        ada, ben = come(server.url), come(server.url)
        for person in (ada, ben):
            person.visit("/")

        order(ada.page, "Tea")

        expect(ben.page.locator("li")).to_have_text(["Tea"])
        expect(ada.page.locator("li")).to_have_text(["Tea (yours)"])
    for person in (ada, ben):
        # The browser reports a server that is down.
        person.forgive("WebSocket connection to", "Failed to load resource: net::")
