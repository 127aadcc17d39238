"""Pages that begin with the last messages of a channel, and views that replace each other on one
page."""

import pytest

from flask_realtime.identity.keys import CONNECTION_ID_HEADER

from .conftest import ON_TWO_SERVERS


def resume(socket, positions=None):
    """Resume as the bundled client does, which is told what it has left."""
    return socket.ask("resume", positions=positions or {}, speaks=2)


def headers_of(page, **more):
    return {CONNECTION_ID_HEADER: page, **more}


@ON_TWO_SERVERS
def test_rendered_page_begins_with_the_last_messages(browser, channel):
    """A page subscribes with last=, by the decorator or by the socket. It gets the last messages,
    and then new ones."""
    browser.post(f"/push-many/{channel}", json=[1, 2, 3, 4, 5])
    browser.post(f"/push-many/{channel}-own", json=["a", "b"])
    page = browser.page(f"/past/{channel}/1")
    browser.post(f"/push/{channel}", json=6)

    with browser.open(page, resume=True) as socket:
        resume(socket)
        heard = [socket.push() for _ in range(5)]
        browser.post(f"/push/{channel}", json=7)

        assert [one["payload"] for one in heard if one["channel"] == channel] == [3, 4, 5, 6]
        assert [one["payload"] for one in heard if one["channel"] != channel] == ["b"]
        assert socket.payloads(1) == [7]


@ON_TWO_SERVERS
def test_page_that_was_cut_off_does_not_hear_its_past_again(browser, channel):
    """A page reconnects, and continues after the last message that it got."""
    browser.post(f"/push-many/{channel}", json=[1, 2, 3])
    page = browser.page(f"/past/{channel}/0")
    with browser.open(page, resume=True) as socket:
        resume(socket)
        last = [socket.push() for _ in range(3)][-1]
    browser.post(f"/push/{channel}", json=4)

    with browser.open(page, resume=True) as socket:
        reply = resume(socket, {channel: last["position"]})

        assert (reply["known"], reply["lost"], reply["left"]) == (True, [], [])
        assert socket.payloads(1) == [4]


@ON_TWO_SERVERS
def test_open_page_begins_with_what_it_would_have_heard(browser, channel):
    """An open page subscribes with last=. It does not get messages that its own requests pushed to
    all others."""
    page = browser.page()
    browser.post(f"/push-many/{channel}", json=[1, 2])
    with browser.open(page, resume=True) as socket:
        resume(socket)
        browser.post(f"/subscribe/{channel}-first", headers=headers_of(page))
        browser.post(f"/push-to-others/{channel}", json="mine", headers=headers_of(page))
        browser.post(f"/push/{channel}", json=3)

        browser.post(f"/subscribe/{channel}?last=2", headers=headers_of(page))
        browser.post(f"/push/{channel}", json=4)

        assert socket.payloads(3) == [2, 3, 4]


@pytest.mark.parametrize("last", [0, 2])
@ON_TWO_SERVERS
def test_page_that_leaves_and_comes_again_counts_anew(browser, channel, last):
    """A page leaves and subscribes again, also within one view. With last= it gets the last
    messages again, and without it no message twice."""
    page = browser.page(f"/past/{channel}/0")
    browser.post(f"/push-many/{channel}", json=[1, 2, 3])
    with browser.open(page, resume=True) as socket:
        resume(socket)
        assert socket.payloads(3) == [1, 2, 3]

        browser.post(f"/again/{channel}/{last}", headers=headers_of(page))
        if last:
            left, *again = [socket.push() for _ in range(3)]
            assert left == {"channel": channel, "left": True}
            assert [one["payload"] for one in again] == [2, 3]
        browser.post(f"/push/{channel}", json=4)
        following = socket.push()
        while "left" in following:
            following = socket.push()

        assert following["payload"] == 4


@ON_TWO_SERVERS
def test_boosted_visit_leaves_the_former_view_s_channels(browser, channel):
    """A boosted visit shows another view. The page is told which channels it has left, receives the
    new view's, and keeps those of the app itself."""
    page = browser.page(f"/past/{channel}-former/0")
    with browser.open(page, resume=True) as socket:
        resume(socket)

        boosted = headers_of(page, **{"HX-Request": "true", "HX-Boosted": "true"})
        shown = browser.get(f"/past/{channel}-new/0", headers=boosted)
        left = socket.push()
        for name in ("former", "former-own", "new"):
            browser.post(f"/push/{channel}-{name}", json=name)

        assert f'data-socket-connection-id="{page}"' in shown.text
        assert left == {"channel": f"{channel}-former", "left": True}
        assert sorted(socket.payloads(2)) == ["former-own", "new"]
