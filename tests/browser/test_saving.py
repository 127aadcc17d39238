"""A developer saves the app's file, and the open page continues."""

import pytest
import requests

from ..integration.serving import ServerProcess

APP = """
from flask import Flask, render_template_string, request
from flask_realtime import Realtime

app = Flask(__name__)
app.secret_key = "secret"
realtime = Realtime(app)

@app.get("/")
def show():
    realtime.socket.subscribe("news")
    return render_template_string('''<!doctype html><link rel="icon" href="data:,"><body>
      {{ realtime_script() }}<h1>SAVED</h1>
      <script type="module">
        window.heard = [];
        realtime.on("news", (payload) => heard.push(payload));
      </script>''')

@app.post("/push")
def push():
    realtime.push(request.get_json(), "news")
    return "", 204
"""
PATIENCE = 10  # seconds


@pytest.fixture
def save(tmp_path):
    """A function that writes a new version of the app's file."""

    def save(version):
        (tmp_path / "saved.py").write_text(APP.replace("SAVED", version))

    return save


def test_page_hears_again_each_time_the_app_is_saved(come, save, tmp_path):
    """A developer saves the file, so that flask run --debug restarts and forgets all pages. The
    page reloads, and receives pushes again."""
    save("first")
    with ServerProcess("dev-debug", "saved:app", folder=tmp_path) as server:
        ada = come(server.url)
        ada.visit("/")
        for version in ("second", "third"):
            save(version)
            ada.wait_until_reads("h1", version)
            ada.wait_until_open()

            requests.post(f"{server.url}/push", json=version, timeout=PATIENCE)

            ada.wait_until_heard(version)
    ada.forgive("WebSocket connection to", "Failed to load resource: net::")
