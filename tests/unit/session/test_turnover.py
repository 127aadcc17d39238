"""What is told of a session that a request has ended."""

import pytest
from flask import Flask, session

from flask_realtime.errors import CloseCode
from flask_realtime.identity.keys import session_digest
from flask_realtime.registries.records import Disconnect

from ..conversations import Browser, add_session_views, put
from .views import KEY

NAME = session_digest("secret", KEY)


@pytest.fixture
def end_everywhere(identified, process, visit, end_of_request):
    """A function that ends the session of a user everywhere, and calls another one then. It
    returns what is told of the session before the answer is sent, and in all."""

    def end_everywhere(change):
        def view():
            end_of_request.end_session()
            change()
            return ""

        visit(view, socket_key=KEY, user=42)
        told = (visit.before_sent, process.disconnected)
        # An id in the app's store is told of as well.
        return [[one for one in orders if one.session == NAME] for orders in told]

    return end_everywhere


def test_log_out_everywhere_is_told_as_a_log_out(end_everywhere):
    """The app ends the session before it logs the user out. The sockets are closed at once, and the
    processes that have closed them learn then that the browser has another session."""
    before, told = end_everywhere(lambda: session.pop("user"))

    assert before == [Disconnect(session=NAME)]
    assert told == [Disconnect(session=NAME), Disconnect(session=NAME, is_left=True)]


def test_session_of_the_same_user_that_ends_everywhere_is_told_once(end_everywhere):
    """The user has another password. A browser that gets no answer goes on with its cookie."""
    _, told = end_everywhere(lambda: session.update(name="Ada"))

    assert told == [Disconnect(session=NAME)]


def test_page_that_hears_of_a_log_in_by_a_message_from_the_fetch_is_loaded_anew():
    """A visitor logs in by a call. The page fetches the cookies from another process, which is the
    first to tell the visitor's other tabs: these reload, as they do behind the call itself."""
    app = Flask(__name__)
    app.secret_key = "secret"
    add_session_views(app)
    browser = Browser(app)
    browser.identify.set(lambda: session.get("user"))
    put(browser.open_socket(), user=42)
    told = len(browser.process.disconnected)

    browser.take_over().close()

    orders = [one for one in browser.process.disconnected[told:] if one.session]
    assert {one.code for one in orders} == {CloseCode.SESSION_CHANGED}
    assert any(one.is_left for one in orders)
