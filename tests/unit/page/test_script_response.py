"""The response with one of the client's scripts, and what an app makes of it."""

import gzip

import pytest
from flask import Response

from flask_realtime.page.client_scripts import client_script
from flask_realtime.page.script_response import ScriptResponse, script_response

from .pages import make_app

SOURCE = "/_realtime/static/realtime.js"
GZIP = {"Accept-Encoding": "gzip, br"}


@pytest.fixture
def app():
    return make_app()


def test_after_request_function_reads_the_text_of_the_script(app):
    """The app makes its scripts smaller, as Flask-Minify does, and reads the text of each one for
    that. It gets the client's as text, too, and the browser gets what it makes of that."""

    @app.after_request
    def shorten(response):
        if response.mimetype == "text/javascript":
            response.set_data(response.get_data(as_text=True).rstrip())
        return response

    response = app.test_client().get(SOURCE, headers=GZIP)

    assert response.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(response.data) == client_script().plain.rstrip()
    assert response.content_length == len(response.data)


def test_script_is_compressed_once(app):
    """The app compresses all that it sends, as Flask-Compress does."""

    @app.after_request
    def compress(response):
        response.set_data(gzip.compress(response.get_data()))
        response.headers["Content-Encoding"] = "gzip"
        return response

    response = app.test_client().get(SOURCE, headers=GZIP)

    assert response.headers.getlist("Content-Encoding") == ["gzip"]
    assert gzip.decompress(response.data) == client_script().plain


def test_response_is_of_the_apps_own_class():
    """An app's functions may use what its class of responses adds."""

    class Own(Response):
        pass

    assert issubclass(script_response(Own), Own)
    assert script_response(Own) is script_response(Own)
    assert script_response(Response) is ScriptResponse
