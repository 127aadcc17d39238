"""In debug mode the browser's console names likely mistakes of a page; otherwise it stays empty."""

import pytest

from ..integration.serving import ServerProcess
from .chromium import LEAVE_AND_RETURN
from .conftest import APPS
from .kinds import reads_console
from .sites import Site

pytestmark = [pytest.mark.shares_tabs, reads_console]

TARGETED = (
    '<form id="f" method="post" action="/echo/a" data-realtime data-realtime-target="#here">'
    '<button id="go">go</button></form><p id="here"></p>'
)


@pytest.fixture(scope="module")
def debug_server():
    with ServerProcess("gevent", "shapes:app", folder=APPS, IN_DEBUG="1") as server:
        yield server


@pytest.fixture
def debug_site(debug_server):
    return Site(debug_server.url)


class Developer:
    """A developer who watches the console of an open page.

    :ivar person: comes to the page.
    """

    def __init__(self, come, site, main="", is_open=True, **page):
        site.show(f"<h1>page</h1>{main}", **page)
        self.person = come(site.url)
        self._said = []
        self.person.context.on("console", lambda message: self._said.append(message.text))
        self.person.visit("/page", is_open)

    def reads(self, *parts):
        """Wait until the console has a line that begins with our name and holds *parts*."""
        self.person.wait_until(lambda: any(self._fits(line, parts) for line in self._said))
        # An expected message must not fail the test as an error of its page.
        self.person.errors = [one for one in self.person.errors if not self._fits(one, parts)]

    def has_read(self, part):
        return any(part in line for line in self._said)

    def _fits(self, line, parts):
        return line.startswith("realtime: ") and all(part in line for part in parts)


@pytest.fixture
def develop(come, debug_site):
    """A function that opens a page in debug mode for a developer who watches its console."""

    def develop(main="", **page):
        return Developer(come, debug_site, main, **page)

    return develop


def test_error_reply_whose_status_no_script_reads_is_reported(develop, debug_site):
    """A call is answered 403 or 404. The console reports the reply if no script reads its status,
    and says nothing if one does."""
    developer = develop()
    debug_site.answer("a", status=403, body="not you")
    debug_site.answer("b", status=404, body="not here")

    developer.person.run("realtime.call('/echo/b').then(({ status }) => status)")
    developer.person.run("realtime.call('/echo/a', { method: 'post' }).then(() => null)")
    developer.person.run("realtime.send('shuot', 'hi').then(() => null)")

    developer.reads("POST /echo/a was answered 403", "not you")
    developer.reads("The handler shuot was answered 404")
    assert not developer.has_read("/echo/b")


def test_form_error_that_no_listener_reads_is_reported(develop, debug_site):
    """A form with data-realtime-target is answered 403, which its user does not see. The console
    reports the error if the page has no listener for it."""
    developer = develop(TARGETED)
    debug_site.answer("a", status=403, body="not you")

    developer.person.page.click("#go")

    developer.reads('id="f"', "403", "not you")


def test_form_error_that_a_listener_reads_is_not_reported(develop, debug_site):
    """A listener of realtime:error reads the error, so the console does not report it."""
    listen = 'document.addEventListener("realtime:error", ({ detail }) => (window.told = detail));'
    developer = develop(f"{TARGETED}<script>{listen}</script>")
    debug_site.answer("a", status=403, body="not you")

    developer.person.page.click("#go")
    developer.person.wait_for("() => window.told?.status === 403")
    # The console shows this report after any report of the form.
    developer.person.run("realtime.call('/echo/a').then(() => null)")
    developer.reads("GET /echo/a was answered 403")

    assert not developer.has_read('id="f"')


def test_push_without_a_listener_is_reported(develop, debug_site, channel):
    """A push arrives on a channel for which the page has no listener. The console reports the
    channel; it reports no channel that a listener of realtime.on or of realtime:push reads."""
    named, seen, deaf = (f"{channel}-{kind}" for kind in ("named", "seen", "deaf"))
    listen = f"""
        realtime.on("{named}", () => setTimeout(() => (window.next = "seen")));
        addEventListener("realtime:push", (event) => {{
            if (event.target !== document || window.next !== "seen") return;
            window.next = event.detail.channel;
        }});"""
    developer = develop(f'<script type="module">{listen}</script>', channel=[named, seen, deaf])

    debug_site.push("hi", named)
    developer.person.wait_for("() => window.next === 'seen'")
    debug_site.push("hi", seen)
    developer.person.wait_for("(channel) => window.next === channel", seen)
    debug_site.push("hi", deaf)

    developer.reads("A push came on", deaf, "has no listener")
    assert not developer.has_read(f"came on {named}")
    assert not developer.has_read(f"came on {seen}")


def test_page_without_a_subscription_is_reported(develop):
    """The page listens to a channel to which no view has subscribed it, or is subscribed to none at
    all. The console reports either."""
    developer = develop("<script type=module>realtime.on('room:1', () => {});</script>")
    developer.reads("has a listener for room:1, but no view has subscribed")

    develop().reads("no view has subscribed this page to a channel")


def test_block_that_nothing_refreshes_is_reported(develop, channel):
    """A block depends on a channel to which the page is not subscribed, or on no channel. The
    console reports both blocks."""
    developer = develop(
        f'<p data-realtime-block="a" data-realtime-on="{channel}"></p>'
        '<p data-realtime-block="b" data-realtime-on="room:typo"></p>'
        '<p data-realtime-block="c"></p>',
        channel=channel,
    )

    developer.reads("The block b depends on room:typo", "no view has subscribed")
    developer.reads("The block c depends on no channel", "data-realtime-on")
    assert not developer.has_read("The block a")


def test_reason_of_a_reload_is_shown_before_and_after_it(develop, channel):
    """The session ends, so the page reloads. The console gives the reason before the reload, and on
    the page that loads after it."""
    developer = develop(channel=channel)
    developer.person.context.clear_cookies()

    with developer.person.page.expect_navigation():
        developer.person.run(LEAVE_AND_RETURN)

    developer.reads("will be reloaded", "session")
    developer.reads("was reloaded", "session")
    developer.person.forgive("WebSocket connection to", "Failed to load resource")


def test_reason_of_a_reload_is_stored_at_once(develop, channel):
    """The reason of a reload is in the tab's storage as soon as the event's listeners have run: the
    page may be gone right after that."""
    developer = develop(channel=channel)

    kept = developer.person.run(
        """() => {
      const reason = { bubbles: true, cancelable: true, detail: { reason: "Because." } };
      document.dispatchEvent(new CustomEvent("realtime:identity", reason));
      return Promise.resolve().then(() => sessionStorage["realtime-debug"]);
    }"""
    )

    assert "Because" in kept


def test_reload_that_a_listener_prevents_is_reported(develop, channel):
    """A listener prevents a reload. The console says so, with the reason of the reload."""
    prevent = "addEventListener('realtime:identity', (event) => event.preventDefault());"
    developer = develop(f"<script>{prevent}</script>", channel=channel)
    developer.person.context.clear_cookies()

    developer.person.run(LEAVE_AND_RETURN)

    developer.reads("has prevented a reload of the page", "session")
    developer.person.forgive("WebSocket connection to", "Failed to load resource")


def test_fragment_with_a_wrong_target_is_reported(develop, debug_site, channel):
    """The target of a fragment fits no element, or is not a selector. The console names the channel
    and the target."""
    developer = develop('<p id="here"></p>', channel=channel)

    debug_site.update("<b>x</b>", channel, target="#gone")
    developer.reads(channel, "(update)", "#gone", "fits no element of this page")

    debug_site.update("<b>x</b>", channel, target="##")
    developer.reads(channel, "(update)", "##", "is not a valid CSS selector")
    developer.person.forgive("realtime: a fragment's target")


@pytest.mark.parametrize("nonce", ["", ' nonce="first"'])
def test_use_of_the_client_before_it_exists_is_reported(develop, nonce):
    """A classic script uses realtime before the client exists. The console explains the mistake,
    also on a page whose policy requires nonces."""
    policy = {"Content-Security-Policy": "script-src 'nonce-first'"} if nonce else {}
    use = "try { realtime.on('x', () => {}); } catch (error) { window.caught = error; }"

    developer = develop(f"<script{nonce}>{use}</script>", headers=policy)

    developer.reads("used before it exists")
    assert developer.person.run("window.caught instanceof TypeError")
    assert developer.person.run("realtime.state") == "open"
    assert developer.person.run("Object.hasOwn(window, 'realtime')")


def test_integers_that_lose_digits_are_reported(develop, debug_site, channel):
    """A push, a reply or a call holds an integer that JavaScript cannot represent exactly. The
    console reports it, and reports no fraction or smaller integer."""
    developer = develop("<script type=module>realtime.on('*', () => {});</script>", channel=channel)
    debug_site.answer("a", body="[9007199254740993]", headers={"Content-Type": "application/json"})
    debug_site.answer("b", body='{"a": [1e300, 9007199254740991, 0.5]}')

    developer.person.run("realtime.call('/echo/b')")
    developer.person.run("realtime.call('/echo/a', { method: 'post', json: { id: 2 ** 60 } })")
    debug_site.push({"id": 2**63}, channel)

    developer.reads("What is sent with POST /echo/a", "2**53")
    developer.reads("The reply to POST /echo/a", "2**53")
    developer.reads(f"A push on {channel}", "2**53")
    assert not developer.has_read("/echo/b")


def test_app_without_debug_mode_has_no_debug_script_and_no_messages(come, site):
    """Without debug mode the page loads no additional script, and the console stays empty."""
    developer = Developer(come, site, "<script>window.before = typeof realtime;</script>")

    assert developer.person.run("document.scripts.length") == 2
    assert developer.person.run("window.before") == "undefined"
    assert not developer.has_read("realtime")
