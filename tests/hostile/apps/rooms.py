"""Chat rooms as in the README: the name of a channel is made from a request."""

import json
import os

from flask import Flask, render_template_string, request

from flask_realtime import Realtime

app = Flask(__name__)
app.secret_key = "a secret of the tests"
app.config.update(
    {key: json.loads(value) for key, value in os.environ.items() if key.startswith("REALTIME_")}
)
realtime = Realtime(app)


@app.get("/rooms/<room>")
def show(room):
    realtime.socket.subscribe(f"room:{room}")
    return render_template_string("<head>{{ realtime_script() }}</head><body>a room</body>")


@app.post("/rooms/<room>/messages")
def say(room):
    realtime.push(request.form["text"], f"room:{room}")
    return "", 204
