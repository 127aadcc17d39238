"""A visitor makes an app store more and more text in the session of one socket."""

import secrets

import pytest

from .people import Person


@pytest.mark.parametrize("kind", ["gevent", "gthread"])
def test_socket_keeps_no_more_than_a_browser_would(serve, kind):
    """If its cookie is too large, the former session stays, as in a browser; the log says so."""
    server = serve("accounts:app", kind, ALLOW_CALLS=True)
    person = Person(server.url)
    page = person.show("/")

    with person.open(page, resume=True) as socket:
        socket.resume()
        socket.call("/cart", method="post", input={"cart": "small"})
        for _ in range(3):
            large = secrets.token_hex(20_000)
            reply = socket.call("/cart", method="post", input={"cart": large})
            assert reply.get("session") is None
        kept = socket.call("/cart")["body"]
    person.take_over(page)

    assert kept == "small"
    assert person.get("/cart").text == "small"
    assert server.log().count("The cookie 'session' that a message of") == 1
