"""A page that the browser renders ahead, before its visitor asks for it."""

import json
import subprocess

import pytest

from ..eventually import eventually
from . import chromium, kinds
from .sites import Site

pytestmark = pytest.mark.skipif(
    kinds.KIND is not chromium or not chromium.WHOLE, reason="only whole Chromium renders ahead"
)

RULES = json.dumps({"prerender": [{"urls": ["/echo/b"], "eagerness": "immediate"}]})
FIRST = f"""<script type="speculationrules">{RULES}</script>
<script type="module">realtime.on("go", () => (location.href = "/echo/b"));</script>"""
AHEAD = """<script type="module">
  const tell = (...what) => fetch("/echo/told", { method: "POST", body: JSON.stringify(what) });
  const visits = () => performance.getEntriesByType("navigation")[0].activationStart > 0;
  document.addEventListener("realtime:open", () => tell("open", visits()));
  realtime.on("ahead", (payload) => tell(payload, visits()));
  tell("loaded", visits());
</script>"""


@pytest.fixture
def visited(site_server, tmp_path):
    """A site whose page a browser shows. No driver is attached: Chromium renders nothing ahead
    then."""
    site = Site(site_server.url)
    site.show(FIRST, channel="go")
    site.answer("b", main=AHEAD, channel="ahead")
    browser = subprocess.Popen(
        [
            *(chromium.WHOLE, *chromium.WHOLE_ARGUMENTS[1:], "--remote-debugging-port=0"),
            *(f"--user-data-dir={tmp_path}", f"{site.url}/page"),
        ],
        stderr=subprocess.DEVNULL,
    )
    yield site
    browser.terminate()
    browser.wait()


def wait_for_told(site, count):
    """Return the next *count* things that the page tells, sorted: requests may overtake others."""
    told = []

    def has_told():
        requests = [one for one in site.told() if one["path"] == "/echo/told"]
        told.extend(json.loads(one["body"]) for one in requests)
        return len(told) >= count

    eventually(has_told, explain=lambda: told)
    return sorted(told)


def test_page_that_is_rendered_ahead_gets_its_socket_when_it_is_visited(visited):
    """The page runs, but has no socket. When its visitor comes, it gets what was pushed since its
    view subscribed it."""
    assert wait_for_told(visited, 1) == [["loaded", False]]
    visited.push("meanwhile", "ahead")

    visited.push("now", "go")

    assert wait_for_told(visited, 2) == [["meanwhile", True], ["open", True]]
