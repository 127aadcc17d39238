"""An app that visitors reach from another site: by a link, by a form, or in a frame."""

import json
import os

from flask import Flask, redirect, render_template_string, request, session

from flask_realtime import Realtime

app = Flask(__name__)
app.secret_key = "a secret of the tests"
app.config.update(
    {key: json.loads(value) for key, value in os.environ.items() if key.startswith("REALTIME_")},
    SESSION_COOKIE_SAMESITE=os.environ["SAMESITE"],
)
realtime = Realtime(app)
realtime.identify(lambda: session.get("user"))

PAGE = """<!doctype html><link rel="icon" href="data:,"><h1>{{ user }}</h1>
<script>
  window.lost = 0;
  window.heard = [];
  document.addEventListener("realtime:lost", () => lost += 1);
</script>
{{ realtime_script() if is_scripted }}
<body><p>{{ method }}</p>
<script>addEventListener("DOMContentLoaded", () =>
  window.realtime?.on("*", (payload) => heard.push(payload)));</script>
{{ frame | safe }}</body>"""


def page(is_scripted=True, frame=""):
    return render_template_string(
        PAGE, user=session.get("user", "nobody"), is_scripted=is_scripted, frame=frame
    )


@app.route("/", methods=["GET", "POST"])
def show():
    realtime.socket.subscribe("news")
    return page()


@app.route("/plain", methods=["GET", "POST"])
def plain():
    return page(is_scripted=False)


@app.get("/framing")
def framing():
    return page(frame=f'<iframe name="bank" src="{request.args["address"]}"></iframe>')


@app.get("/login/<name>")
def log_in(name):
    session["user"] = name
    return redirect("/")


@app.post("/push/<name>/<text>")
def push(name, text):
    realtime.to_user(name).push(text)
    return "", 204


@app.post("/news/<text>")
def push_news(text):
    realtime.push(text, "news")
    return "", 204
