"""A session's cookie whose name is found by the request, as by the host of a tenant."""

from flask import request
from flask.sessions import SecureCookieSessionInterface

from ..conversations import Browser, put


class NamedByTenant(SecureCookieSessionInterface):
    """A session interface that works in requests alone."""

    def get_cookie_name(self, app):
        return f"session-{request.host}"

    def get_cookie_path(self, app):
        return f"{request.script_root}/"


def test_next_socket_has_what_waits_for_the_browser(app):
    """A call has changed the session, and the page's next socket opens before the browser has
    fetched the change: its messages are answered by the session as it is then."""
    app.session_interface = NamedByTenant()
    browser = Browser(app)
    put(browser.open_socket(), cart=[1])

    assert browser.open_socket().call("/session")["body"] == {"cart": [1]}
