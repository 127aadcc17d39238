"""In debug mode the console names mistakes that scripts of a page make with ``realtime``."""

import pytest

from .kinds import reads_console
from .test_debugging import debug_server, debug_site, develop  # noqa: F401

pytestmark = [pytest.mark.shares_tabs, reads_console]


def test_debug_mode_leaves_what_is_sent_alone(develop, debug_site):  # noqa: F811
    """The input of a call can be read only once. The app gets it, though the console looks for
    integers in it."""
    developer = develop()
    debug_site.answer("a")
    debug_site.told()

    developer.person.run(
        """() => realtime.call('/echo/a', {
        method: 'post', input: new Map([['text', 'hi']]).entries() })"""
    )

    assert debug_site.wait_for_request()["body"] == "text=hi"


@pytest.mark.parametrize(
    ("script", "told"),
    [
        ("realtime.on(5, () => {})", "on: the channel is 5, not a text"),
        ("realtime.on(5n, () => {})", "on: the channel is 5, not a text"),
        ("realtime.off('room:1', undefined)", "which removes all listeners of room:1"),
        ("realtime.off(5)", "off: the channel is 5, not a text"),
        ("realtime.call()", "call: the address is undefined"),
        ("realtime.call('/page', null)", "call: the options are null"),
        ("realtime.call('/page', { input: document.forms[0] })", "give new FormData(form)"),
        ("realtime.call('/page', { method: 5 })", "5 /page was answered 400"),
        ("realtime.send()", "send: the action is undefined"),
        ("realtime.send('x', new FormData())", "send: the data is a form"),
        ("realtime.send('x', document.forms[0])", "give Object.fromEntries(new FormData(form))"),
        ("realtime.send('x', new Map([['a', 1]]))", "send: the data is a Map or Set"),
        ("realtime.send('x', (window.x = [1]).push(x) && x)", "circular structure"),
    ],
)
def test_odd_arguments_are_reported(develop, script, told):  # noqa: F811
    """A script gives a method something odd, for which the method does something else than meant,
    or fails. The console names the method and the argument."""
    developer = develop("<form><input name='text'></form>")

    failed = developer.person.run(f"(async () => {script})().then(() => null, String)")

    if told not in str(failed):
        developer.reads(told)


@pytest.mark.parametrize("name", ["on", "off", "call", "send"])
def test_method_that_is_taken_off_the_client_fails_in_debug_mode_too(develop, name):  # noqa: F811
    """A script takes a method for itself, and calls it without the client. That fails at once, and
    not first where the app runs without debug mode."""
    script = f"(async () => {{ const {{ {name} }} = realtime; await {name}('a', () => {{}}); }})()"

    assert "TypeError" in str(develop().person.run(f"{script}.then(() => null, String)"))


@pytest.mark.parametrize("script", ["var realtime = window.realtime;", "function realtime() {}"])
def test_variable_of_the_client_s_name_is_no_silence(
    develop,  # noqa: F811
    script,
    debug_site,  # noqa: F811
    channel,
):
    """A classic script of the page has a variable named realtime, or a function. The variable gets
    the client, and the console tells what the page misses; or it says why there is no client."""
    has_variable = "var" in script
    developer = develop(f"<script>{script}</script>", channel=channel, is_open=has_variable)

    if has_variable:
        debug_site.push("hi", channel)

    developer.reads(
        f"A push came on {channel}" if has_variable else "function `realtime` of its own"
    )


@pytest.mark.parametrize("name", ["WebSocket", "Request", "fetch"])
def test_variable_in_place_of_what_the_browser_has_is_no_silence(develop, name):  # noqa: F811
    """A classic script of the page has a variable by a name of the browser's, without which the
    client opens no socket, or refreshes no block. The console names the variable."""
    developer = develop(f"<script>var {name} = {{}};</script>", is_open=False)

    developer.reads(f"variable or function {name} in place of the browser's")
    # What the client itself says of it, at each try.
    developer.person.forgive("realtime: no WebSocket: ", "realtime: no fetch")
