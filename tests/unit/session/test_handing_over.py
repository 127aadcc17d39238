"""Apps whose functions put another response in the place of each answer, that of the session path
too, as one that wraps each answer in JSON does."""

import flask
import pytest
from flask import Response

from flask_realtime.identity.keys import CONNECTION_ID_HEADER, digest
from flask_realtime.registries.records import Disconnect
from flask_realtime.session.pending_changes import TOLD_SALT, pointer_to

from ..conversations import CONNECTION_ID, put


@pytest.fixture(params=["200", "204"])
def replacing(app, browser, request):
    """An app that makes another response of each, with another status or the same."""
    app._got_first_request = False

    @app.after_request
    def replace(response):
        if request.param == "204":
            return Response(status=response.status_code)
        return flask.jsonify(status=response.status_code, text=response.get_data(as_text=True))

    return browser


def test_change_reaches_the_browser_and_the_page_hears_that_it_has_come(replacing):
    """What a message has changed is handed over. The page waits for status 204: any other may be
    that of something in front of the app."""
    put(replacing.open_socket(), a=1)

    response = replacing.take_over()

    assert (response.status_code, response.data) == (204, b"")
    assert replacing.session() == {"a": 1}


def test_socket_of_a_session_that_the_browser_has_not_kept_is_closed(app, replacing):
    """The page's message has changed another session than the browser's: its socket is closed
    (4001)."""
    other = digest(app.secret_key, "another-key", CONNECTION_ID)
    with app.app_context():
        told = pointer_to(app, other, TOLD_SALT)

    replacing.take_over(**{"X-Realtime-Session": told}).close()

    assert replacing.process.disconnected == [Disconnect(digest=other, code=4001)]


def test_page_without_an_id_is_given_one(replacing):
    """A page that asks for its id gets it."""
    response = replacing.take_over(**{CONNECTION_ID_HEADER: "new"})

    assert response.status_code == 204
    assert response.headers[CONNECTION_ID_HEADER]


def test_refusal_stays_one(replacing):
    """A request of another origin is refused, by a header that the page looks for."""
    response = replacing.take_over(Origin="https://evil.example")

    assert (response.status_code, response.headers["X-Realtime-Refused"]) == (403, "session")
