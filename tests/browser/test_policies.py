"""Pages whose policy, frame or elements deny the client something that it needs."""

import pytest

from .kinds import READS_CONSOLE, not_in, reads_console

pytestmark = pytest.mark.shares_tabs


def test_page_whose_policy_forbids_the_socket_says_so(ada):
    """A policy without connect-src forbids the socket. The page's state is "closed", and the
    console names the missing directive once."""
    ada.visit("/unconnected", is_open=False)

    ada.wait_for_state("closed")

    assert ada.run("events.at(-1)[1].state") == "closed"
    if READS_CONSOLE:
        ours = [error for error in ada.errors if error.startswith("realtime:")]
        assert ours == ["realtime: no WebSocket: Content-Security-Policy needs connect-src 'self'."]
    ada.errors.clear()


def test_page_whose_elements_hide_properties_of_its_document_receives_pushes(
    ada, publisher, channel
):
    """Pictures have the names of properties such as body and head, which hides these. The page
    receives pushes all the same."""
    ada.visit(f"/clobbered/{channel}", is_open=False)
    ada.wait_for("() => realtime.state === 'open'")
    assert ada.run("() => document.body instanceof HTMLImageElement")

    publisher.push("hi", channel)

    ada.wait_until_heard("hi")
    assert ada.run("realtime.call('/id').then(({ body }) => body === realtime.connectionId)")


FRAME = """async ([path, sandbox]) => {
    const html = await (await fetch(path)).text();
    const theirs = html.match(/nonce="([^"]+)"/)[1];
    const frame = document.createElement("iframe");
    if (sandbox) frame.sandbox = sandbox;
    frame.srcdoc = html.replaceAll(theirs, document.querySelector("script").nonce);
    document.body.append(frame);
}"""


@not_in("firefox", "'self' in a policy is not the origin of a srcdoc")
def test_page_in_a_frame_with_srcdoc_has_its_socket(ada, publisher, channel):
    """A page in a frame's srcdoc has no address of its own. The client uses the address of its
    script."""
    ada.visit("/plain")
    ada.run(FRAME, [f"/on/{channel}", ""])
    frame = ada.page.frames[1]
    frame.wait_for_selector("body[data-realtime-state=open]")

    publisher.push("hi", channel)

    frame.wait_for_function("() => heard.includes('hi')")


@reads_console
def test_page_in_a_sandbox_says_what_it_lacks(ada, channel):
    """A sandboxed frame without allow-same-origin gets no socket, and the console says why once."""
    ada.visit("/plain")
    ada.run(FRAME, [f"/on/{channel}", "allow-scripts"])

    ada.page.frames[1].wait_for_selector("body[data-realtime-state=closed]")

    ours = [error for error in ada.errors if error.startswith("realtime:")]
    assert ours == ["realtime: no WebSocket: sandbox without allow-same-origin."]
    ada.errors.clear()
