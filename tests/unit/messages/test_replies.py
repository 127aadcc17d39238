"""What an app's response looks like as the reply to a message."""

import pytest
from flask import Flask, Response, send_file
from werkzeug.test import create_environ

from flask_realtime.messages.replies import reply_of


@pytest.mark.parametrize("name", ["X-Sendfile", "X-Accel-Redirect", "X-Lighttpd-Send-File"])
def test_file_that_the_proxy_would_send_is_fetched_by_http(name):
    """Nothing of such an answer is shown: neither its path nor an empty body with status 200."""
    response = Response("", headers={name: "/srv/private/report.pdf"})

    reply = reply_of("7", response, create_environ(), 1000)

    assert reply.status == 502
    assert "fetch this by HTTP" in reply.to_json()
    assert "private" not in reply.to_json()


def test_file_of_an_app_that_has_its_proxy_send_files(tmp_path):
    """``send_file`` sets that header by itself where the app's configuration wants it."""
    app = Flask(__name__)
    app.config["USE_X_SENDFILE"] = True
    (tmp_path / "report.txt").write_text("secret")
    with app.test_request_context() as context:
        response = send_file(tmp_path / "report.txt")

        reply = reply_of("7", response, context.request.environ, 1000)

    assert reply.status == 502
    assert str(tmp_path) not in reply.to_json()
