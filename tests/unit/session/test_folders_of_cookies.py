"""The folders for which the cookies of a socket's messages are."""

import pytest
from flask import Response, request


@pytest.mark.parametrize("path", [None, "not-a-path"])
def test_cookie_without_a_path_is_for_the_folder_of_the_view(app, browser, path):
    """A cookie without a path gets that of the view, and not of the address that hands it on."""

    @app.get("/shops/<name>/cart")
    def cart(name):
        response = Response("")
        response.set_cookie("cart", "7", path=path)
        return response

    browser.open_socket().call("/shops/a; Domain=b@c/cart")

    [line] = browser.take_over().headers.getlist("Set-Cookie")

    assert line.endswith("; Path=/shops/a%3B%20Domain=b@c")


def test_cookie_of_a_folder_with_an_umlaut_comes_with_the_next_call(app, browser):
    """A cookie is for the folder of the view, whether a client writes the address in full or
    percent-encoded."""

    @app.get("/l\xe4den/set")
    def set_cart():
        response = Response("")
        response.set_cookie("cart", "7", path=None)
        return response

    @app.get("/l\xe4den/show")
    def show_cart():
        return request.cookies.get("cart", "none")

    socket = browser.open_socket()
    socket.call("/l%C3%A4den/set")

    assert socket.call("/l%C3%A4den/show")["body"] == "7"
    assert socket.call("/l\xe4den/show")["body"] == "7"
    [line] = browser.take_over().headers.getlist("Set-Cookie")
    assert line.endswith("; Path=/l%C3%A4den")
