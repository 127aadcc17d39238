"""The client that a request acts on."""

import flask
import pytest
from flask import session

from flask_realtime.errors import InvalidSetting
from flask_realtime.identity.keys import SOCKET_KEY, digest, is_connection_id, session_of
from flask_realtime.page.asking_digests import asking_digests
from flask_realtime.page.client import (
    SOCKET_IN_ENVIRON,
    SocketOfMessage,
    client_so_far,
    current_client,
    session_names,
)

ID = "an-id-of-this-page"
OPEN = {"headers": {"X-Realtime-Connection-Id": ID, "Sec-Fetch-Mode": "cors"}}


@pytest.fixture
def asked(app):
    """A function that calls another function in a request of a browser with a socket key."""

    def asked(run, key="key", environ=None, **options):
        client = app.test_client()
        if key:
            with client.session_transaction() as stored:
                stored[SOCKET_KEY] = key
        found = []
        app.add_url_rule("/ask", "ask", lambda: found.append(run()) or "")
        client.get("/ask", environ_overrides=environ or {}, **options)
        return found[0]

    return asked


def test_request_of_an_open_page_acts_on_that_page(asked):
    """A request names the page that sent it. Its client has the digest of that page and session."""

    def run():
        client = current_client()
        return client.is_open, client.exists, client.connection_id(), client.digest()

    assert asked(run, **OPEN) == (True, True, ID, digest("secret", "key", ID, None))


def test_request_for_a_page_acts_on_the_one_that_comes(asked):
    """A request names no page. Its client is the page that it renders, which has a new id."""

    def run():
        client = current_client()
        return client.is_open, client.exists, client.connection_id(), current_client() is client

    is_open, exists, connection_id, is_same = asked(run)

    assert (is_open, exists, is_same) == (False, False, True)
    assert is_connection_id(connection_id)


def test_page_that_comes_is_named_by_the_present_key(asked, app):
    """The digest of a new page is made with the present secret key, not with a fallback."""
    app.config["SECRET_KEY_FALLBACKS"] = ["former"]

    assert len(asked(lambda: current_client().digests())) == 1


def test_open_page_may_be_known_by_a_former_key(asked, app):
    """An open page is looked up under the present secret key and under the fallbacks."""
    app.config["SECRET_KEY_FALLBACKS"] = ["former"]

    found = asked(lambda: current_client().digests(), **OPEN)

    assert found == [digest(secret, "key", ID, None) for secret in ("secret", "former")]


def test_key_that_the_settings_name_twice_counts_once(asked, app):
    """A key that the settings name twice counts once, as where all keys are in one list."""
    app.config["SECRET_KEY_FALLBACKS"] = ["secret", "former", "former"]

    found = asked(lambda: current_client().digests(), **OPEN)

    assert found == [digest(secret, "key", ID, None) for secret in ("secret", "former")]


def test_message_acts_on_the_page_of_its_socket(asked):
    """A message's client is the page of its socket, whatever the message does to the session."""
    socket = SocketOfMessage(ID, "d" * 64, lambda: None, "heir")

    def run():
        session.clear()
        client = current_client()
        return client.digests(), asking_digests(), session_names()[0], client_so_far() is client

    found = asked(run, environ={SOCKET_IN_ENVIRON: socket})

    assert found == (["d" * 64], ["d" * 64], session_of("d" * 64), True)


def test_session_gets_its_secret_when_somebody_subscribes(asked):
    """A page that does not use the extension leaves the session without a socket key; a
    subscription adds one."""

    def run():
        client = current_client()
        key, before = client.socket_key(), dict(session)
        client.keep_socket_key()
        return client.begun_key == key, before, session[SOCKET_KEY] == key

    assert asked(run, key=None) == (True, {}, True)


def test_page_that_could_not_be_subscribed_gets_another_id(asked):
    """The registry was unavailable when a page subscribed. The page gets an id that the registry
    does not know, so its socket is told that the page is unknown."""

    def run():
        client = current_client()
        before = client.connection_id()
        client.lose()
        return client.is_lost, client.connection_id() == before

    assert asked(run) == (True, False)


def test_page_whose_id_is_given_out_keeps_it(asked):
    """A page's id was written into its template. It is not replaced afterwards."""

    def run():
        client = current_client()
        before, client.is_given_out = client.connection_id(), True
        client.lose()
        return client.is_lost, client.connection_id() == before

    assert asked(run) == (True, True)


def test_request_that_names_no_page_has_no_asking_page(asked):
    """A request without a page's id starts no session, and asks the registry nothing."""
    assert asked(lambda: (asking_digests(), client_so_far())) == ([], None)


@pytest.mark.parametrize("secret_key", [None, ""])
def test_app_without_a_secret_key_gets_an_error(secret_key):
    """Without SECRET_KEY pages cannot be told apart; the error says what to set."""
    app = flask.Flask(__name__)
    app.secret_key = secret_key
    with app.test_request_context(**OPEN), pytest.raises(InvalidSetting, match="SECRET_KEY"):
        current_client().digests()
