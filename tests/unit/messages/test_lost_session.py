"""Messages of a socket whose session has gone from its store, or is under another id there."""

import pytest
from cachelib import SimpleCache
from flask import g, session
from flask_session import Session
from flask_session.cachelib import CacheLibSessionInterface
from werkzeug.routing import BaseConverter

from flask_realtime.identity.keys import SOCKET_KEY
from flask_realtime.messages import dispatch
from flask_realtime.messages.memory_budget import NotWanted

from ..conversations import Browser


@pytest.fixture
def ran():
    """What the app has done."""
    return []


@pytest.fixture
def kept(app, ran):
    """An app whose server keeps the sessions."""
    app.config.update(SESSION_TYPE="cachelib", SESSION_CACHELIB=SimpleCache())
    Session(app)
    app.before_request(lambda: ran.append("before_request"))

    @app.post("/rotate")
    def rotate():
        app.session_interface.regenerate(session)
        return ""

    @app.post("/buy")
    def buy():
        ran.append("buy")
        return ""

    return app


@pytest.fixture
def browser(kept):
    return Browser(kept)


@pytest.fixture
def socket(browser, ran):
    found = browser.open_socket({"do": lambda _: ran.append("do")})
    found.say("do")
    ran.clear()
    return found


def empty_store(app):
    app.config["SESSION_CACHELIB"].clear()


@pytest.mark.parametrize("way", ["handler", "call"])
@pytest.mark.parametrize("change", ["deleted", "rotated by HTTP"])
def test_message_of_a_lost_session_is_not_handled(browser, socket, kept, ran, way, change):
    """The session is deleted from its store, or another request gives it another id. No code of the
    app runs for a message, which is to be sent by the next socket. The sockets come back."""
    if change == "deleted":
        empty_store(kept)
    else:
        browser.client.post("/rotate")
    ran.clear()

    with pytest.raises(NotWanted):
        socket.call("/buy", method="post") if way == "call" else socket.say("do")

    assert ran == []
    assert browser.lost == [browser.digest]


@pytest.mark.parametrize("way", ["handler", "call"])
def test_message_of_a_lost_session_is_sent_back_though_a_teardown_function_fails(app, way):
    """A teardown function counts on what a before_request function does, which did not run. The
    message is sent by the next socket all the same."""
    app.config.update(SESSION_TYPE="cachelib", SESSION_CACHELIB=SimpleCache())
    Session(app)
    socket = Browser(app).open_socket({"do": lambda _: ""})
    app.before_request(lambda: setattr(g, "taken", ["connection"]))
    app.teardown_request(lambda error: g.taken.pop())
    dispatch.warnings.forget()
    empty_store(app)

    with pytest.raises(NotWanted):
        socket.call("/buy", method="post") if way == "call" else socket.say("do")


def test_first_message_of_a_lost_session_is_not_handled(browser, kept, ran):
    """The session is deleted before the socket sends anything."""
    socket = browser.open_socket()
    empty_store(kept)

    with pytest.raises(NotWanted):
        socket.call("/buy", method="post")
    assert ran == []


def test_session_that_the_socket_itself_rotates_is_not_lost(browser, socket, ran):
    """A message gives the session another id. The next message has that id."""
    socket.call("/rotate", method="post")

    assert socket.say("do")["status"] == 204
    assert ran[-1] == "do"
    assert browser.lost == []
    assert not socket.conversation.has_lost_session()


def test_message_under_way_does_not_revive_the_former_id(browser, kept):
    """A message writes into its session while a request gives the session another id. The former id
    names nothing afterwards."""

    def fill(_):
        session["cart"] = [1]
        browser.client.post("/rotate")

    former = kept.test_client()
    former.set_cookie("session", browser.client.get_cookie("session").value)

    browser.open_socket({"fill": fill}).say("fill")

    assert "cart" not in former.get("/session").json


def test_path_without_a_session_is_called_as_ever(app, ran):
    """The app gives some paths an empty session. A call of one says nothing about the session."""

    class ByPath(CacheLibSessionInterface):
        def open_session(self, app, request):
            if request.path == "/open":
                return self.session_class(sid=self._generate_sid(32))
            return super().open_session(app, request)

    app.config.update(SESSION_TYPE="cachelib", SESSION_CACHELIB=SimpleCache())
    app.session_interface = ByPath(app, client=app.config["SESSION_CACHELIB"])
    app.add_url_rule("/open", "open", lambda: "open")
    browser = Browser(app)
    socket = browser.open_socket()

    assert socket.call("/open")["body"] == "open"
    empty_store(app)
    with pytest.raises(NotWanted):
        socket.call("/open")


def test_path_with_a_session_of_its_own_is_called_with_that(app):
    """The app keeps another session below /admin, which has a page of its own. A call of the site's
    page finds that session, as a request would, and is no call by somebody else."""

    class ByPath(CacheLibSessionInterface):
        def open_session(self, app, request):
            if request.path.startswith("/admin"):
                return self.session_class({SOCKET_KEY: "another"}, sid="admin")
            return super().open_session(app, request)

    app.config.update(SESSION_TYPE="cachelib", SESSION_CACHELIB=SimpleCache())
    app.session_interface = ByPath(app, client=app.config["SESSION_CACHELIB"])
    app.add_url_rule("/admin", "admin", lambda: "admin")
    socket = Browser(app).open_socket()

    assert socket.call("/admin")["body"] == "admin"


def test_session_whose_cookie_has_ended_is_lost(app):
    """A session in a cookie is older than sessions may be. The browser may have a younger cookie
    by now, so the message is not handled as nobody's."""
    browser = Browser(app)
    app.add_url_rule("/buy", "buy", lambda: "bought")
    socket = browser.open_socket()
    before = socket.call("/buy")["status"]
    app.config["PERMANENT_SESSION_LIFETIME"] = -1

    with pytest.raises(NotWanted):
        socket.call("/buy")

    assert before == 200


def test_socket_that_sends_nothing_tells_whether_its_session_is_lost(browser, kept):
    """The session of a socket that has sent no message is looked for by the handshake's cookie."""
    socket = browser.open_socket()
    before = socket.conversation.has_lost_session()
    empty_store(kept)

    assert not before
    assert socket.conversation.has_lost_session()


class Tenants(BaseConverter):
    """A converter that asks the app's database, which is away."""

    part_isolating, regex = False, ".*"

    def to_python(self, _value):
        raise ConnectionError("the database is away")


def test_session_is_looked_for_without_a_route(browser, kept):
    """A converter at the socket's path would fail. It is not asked: whether the session is lost, no
    route tells."""
    socket = browser.open_socket()
    kept.url_map.converters["tenants"] = Tenants
    kept.add_url_rule("/<tenants:all>", "all", lambda: "")
    empty_store(kept)

    assert socket.conversation.has_lost_session()
