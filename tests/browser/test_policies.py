"""Pages whose policies, frames or elements leave the client less than it needs, or hide it."""

from .kinds import READS_CONSOLE, not_in, reads_console


def test_page_whose_policy_forbids_the_socket_is_told_what_it_lacks(ada):
    """Without connect-src there is no socket: the page is closed, and one message says why."""
    ada.visit("/unconnected", is_open=False)

    ada.wait_for_state("closed")

    assert ada.run("events.at(-1)[1].state") == "closed"
    if READS_CONSOLE:
        ours = [error for error in ada.errors if error.startswith("realtime:")]
        assert ours == ["realtime: the page's Content-Security-Policy needs connect-src 'self'."]
    ada.errors.clear()


def test_page_whose_elements_hide_its_document_s_own_hears_all_the_same(ada, publisher, channel):
    """No picture's name stands between the client and its page."""
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
def test_page_that_another_writes_into_a_frame_has_its_socket(ada, publisher, channel):
    """A frame's srcdoc has no address: the app's is that of the client's script."""
    ada.visit("/plain")
    ada.run(FRAME, [f"/on/{channel}", ""])
    frame = ada.page.frames[1]
    frame.wait_for_selector("body[data-realtime-state=open]")

    publisher.push("hi", channel)

    frame.wait_for_function("() => heard.includes('hi')")


@reads_console
def test_page_in_a_sandbox_is_told_what_it_lacks(ada, channel):
    """A frame that may not be of its app's origin gets no socket, and one message says why."""
    ada.visit("/plain")
    ada.run(FRAME, [f"/on/{channel}", "allow-scripts"])

    ada.page.frames[1].wait_for_selector("body[data-realtime-state=closed]")

    ours = [error for error in ada.errors if error.startswith("realtime:")]
    assert ours == ["realtime: no socket in a sandboxed frame without allow-same-origin."]
    ada.errors.clear()
