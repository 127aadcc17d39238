"""An app whose pages and answers are set by a test, and which records the requests that it gets.

``PUT /answers/NAME`` sets the answer of ``/echo/NAME``, or, if NAME is ``page``, the content of
``/page``. An answer that is held is sent after ``POST /release``; one that is held later has
subscribed its page by then. ``/echo/NAME`` records its
requests; ``GET /requests`` returns the recorded requests, and forgets them.
"""

import base64
import json
import os
import threading

from flask import Flask, Response, jsonify, render_template_string, request
from markupsafe import Markup

from flask_realtime import Realtime

app = Flask(__name__)
app.secret_key = "a secret of the tests"
app.config.update(
    {key: json.loads(value) for key, value in os.environ.items() if key.startswith("REALTIME_")}
)
app.config.setdefault("REALTIME_ALLOW_CALLS", True)
app.debug = "IN_DEBUG" in os.environ
realtime = Realtime(app)
answers = {}
released = threading.Event()
requests = []

PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{{ title }}</title>
<link rel="icon" href="data:,">{{ head|safe }}
{{ realtime_script(nonce="first") }}</head>
<body{{ attributes|safe }}>{{ main|safe }}</body></html>"""


@app.get("/page")
def page():
    return render({"title": "page", **answers.get("page", {})})


@app.put("/answers/<name>")
def set_answer(name):
    answers[name] = request.get_json()
    released.clear()
    return "", 204


@app.delete("/answers")
def forget():
    answers.clear()
    requests.clear()
    return "", 204


@app.post("/release")
def release():
    released.set()
    return "", 204


@app.get("/favicon.ico")
def icon():
    return "", 204


@app.get("/requests")
def tell():
    told = list(requests)
    requests.clear()
    return jsonify(told)


@app.route("/echo/<name>", methods=["GET", "POST", "PUT"])
def echo(name):
    requests.append(
        {
            "by": "socket" if realtime.is_socket_request else "HTTP",
            "method": request.method,
            "path": request.path,
            "query": request.query_string.decode(),
            "type": request.mimetype,
            "wants": request.accept_mimetypes.best_match(["application/json", "text/html"]),
            "prefers_html": request.accept_mimetypes.quality("text/html")
            > request.accept_mimetypes.quality("application/json"),
            "body": request.get_data(as_text=True),
        }
    )
    answer = {"title": f"answer {name}", **answers.get(name, {})}
    if answer.get("is_held"):
        released.wait(60)
    return render(answer)


@app.post("/push/<channel>")
def push(channel):
    realtime.push(request.get_json(), channel)
    return "", 204


@app.post("/<any(after, append, before, prepend, replace, update):verb>/<channel>")
def change(verb, channel):
    target = request.args.get("target", "#here")
    getattr(realtime.to(channel), verb)(target, html=Markup(request.get_json()))
    return "", 204


@app.post("/remove/<channel>")
def remove(channel):
    realtime.to(channel).remove(request.args.get("target", "#here"))
    return "", 204


@app.post("/reload/<channel>")
def reload(channel):
    realtime.to(channel).reload()
    return "", 204


@app.post("/refresh/<channel>")
def refresh(channel):
    realtime.to(channel).refresh()
    return "", 204


def render(given):
    if "channel" in given:
        realtime.socket.subscribe(given["channel"])
    if "channel_of_view" in given:
        realtime.socket.subscribe_view([given["channel_of_view"]])
    if given.get("is_held_later"):
        released.wait(60)
    status, headers = given.get("status", 200), given.get("headers", {})
    if "base64" in given:
        return Response(base64.b64decode(given["base64"]), status, headers)
    if "body" in given:
        return Response(given["body"], status, {"Content-Type": "text/html", **headers})
    return render_template_string(given.get("page", PAGE), **given), status, headers
