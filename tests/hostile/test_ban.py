"""The sockets of a user who changes a password, is banned, or is put out of a room are revoked."""

import pytest

from .people import Person, heard_until


@pytest.fixture(params=[("gevent", "memory", 1), ("gevent", "redis", 2)], ids=["memory", "redis"])
def server(share, request):
    return share("accounts:app", *request.param)


@pytest.fixture
def devices(server):
    """Three browsers in which one user has logged in."""
    devices = [Person(server.url) for _ in range(3)]
    for device in devices:
        device.log_in("somebody")
    return devices


@pytest.fixture
def admin(server):
    return Person(server.url)


def test_ban_closes_the_sockets_of_all_devices(devices, admin):
    """Sockets close in every process; those of other users stay open."""
    admin.log_in("admin")
    with (
        devices[0].open(devices[0].show("/inbox")) as first,
        devices[1].open(devices[1].show("/rooms/1")) as second,
        admin.open(admin.show("/rooms/1")) as other,
    ):
        admin.post("/ban/somebody")

        assert [first.close_code(), second.close_code()] == [1000, 1000]
        admin.post("/send/room:1", json="still here")
        assert other.payloads(1) == ["still here"]


def test_user_who_closes_the_account_by_a_call_is_answered_and_logged_out(devices):
    """A view that is called over a socket disconnects the user who asks, and logs the browser out.
    The reply comes first, and with it the browser loses its log-in; the sockets of all devices
    close."""
    page = devices[0].show("/inbox")
    with (
        devices[0].open(page) as asking,
        devices[0].open(devices[0].show("/rooms/1")) as beside,
        devices[1].open(devices[1].show("/inbox")) as other,
    ):
        reply = asking.call("/close-account", method="post")
        codes = [socket.close_code() for socket in (asking, beside, other)]
        devices[0].take_over(page, reply)

    assert (reply["status"], codes[1:]) == (302, [1000, 1000])
    # The log-out closes the socket as well, and may be the later order.
    assert codes[0] in (1000, 4001)
    assert devices[0].me()["user"] is None


def test_page_that_was_away_at_the_ban_does_not_come_back(devices, admin):
    """Neither a page that had a socket before nor one that was still loading comes back."""
    away, coming = devices[0].show("/inbox"), devices[1].show("/inbox")
    with devices[0].open(away, resume=True) as socket:
        socket.resume()

    admin.post("/ban/somebody")

    for device, page in ((devices[0], away), (devices[1], coming)):
        with device.open(page, resume=True) as socket:
            assert socket.close_code() == 4001


def test_user_may_come_anew_if_the_app_lets_him(devices, admin):
    """The session itself stays: the app decides whether to accept it."""
    admin.post("/ban/somebody")

    def opens_anew():
        with devices[0].open(devices[0].show("/inbox"), resume=True) as socket:
            return socket.resume()["known"]

    assert opens_anew()


def test_user_is_put_out_of_a_room_on_all_devices(devices, admin):
    """Both open pages and one that is away no longer hear the room, but still hear others."""
    pages = [device.show("/rooms/1") for device in devices]
    for device, page in zip(devices, pages, strict=True):
        device.get("/rooms/2", headers={"X-Realtime-Connection-Id": page})
    with devices[0].open(pages[0]) as first, devices[1].open(pages[1]) as second:
        first.settle()
        second.settle()

        admin.post("/kick/somebody/1")
        admin.post("/send/room:1", json="not for him")
        admin.post("/send/room:2", json="last")

        assert heard_until(first, "last") == heard_until(second, "last") == []
    with devices[2].open(pages[2]) as third:
        admin.post("/send/room:2", json="third")
        assert "not for him" not in heard_until(third, "third")


def test_what_is_pushed_to_a_user_reaches_all_devices_and_nobody_else(devices, admin):
    """Pages with the client's script hear what is pushed to their user without a subscription."""
    admin.log_in("admin")
    with (
        devices[0].open(devices[0].show("/")) as first,
        devices[1].open(devices[1].show("/inbox")) as second,
        admin.open(admin.show("/")) as other,
    ):
        admin.post("/tell/somebody", json="psst")
        admin.post("/tell/admin", json="last")

        assert first.payloads(1) == second.payloads(1) == ["psst"]
        assert heard_until(other, "last") == []
