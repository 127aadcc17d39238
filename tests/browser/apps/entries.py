"""An app whose page has many kinds of fields, and changes while people fill them in."""

import secrets
import time

from flask import Flask, jsonify, render_template, render_template_string, request
from jinja2 import DictLoader
from markupsafe import Markup

from flask_realtime import Realtime

FORM = """
<form name="post" method="post">
  <input type="hidden" name="csrf_token" value="{{ token() }}">
  <input name="name" value="{{ name }}"><input name="email"><textarea name="text"></textarea>
  <select name="kind"><option value="a">a<option value="b"{{ " selected" if kind }}>b</select>
  <select name="many" multiple><option value="a" selected>a<option value="b">b</select>
  <input type="checkbox" name="agreed" value="yes"{{ " checked" if agreed }}>
  <input type="radio" name="size" value="small" checked>
  <input type="radio" name="size" value="large">
</form>
<details><summary>More</summary>of it</details><p id="version">{{ version }}</p>
"""
LINES = "{% for one in lines %}<li><input name='line'></li>{% endfor %}"
ANSWERS = """
{% for one in lines %}<form><input type="hidden" name="to" value="{{ one }}">
  <input type="hidden" name="csrf_token" value="{{ token() }}"><input name="answer">
</form>{% endfor %}
"""
PAGE = """<!doctype html>
<html lang="en">
<head><title>Entries</title><link rel="icon" href="data:,">{{ realtime_script() }}</head>
<body>
<div id="box" data-realtime-block="box" data-realtime-on="entries">
{%- block box %}{% include "form.html" %}{% endblock -%}
</div>
<div data-realtime-ignore><p id="line-9">a comment</p>
<div id="trap" data-realtime-block="upload" data-realtime-on="*" data-realtime-url="/upload"></div>
</div>
<ul id="lines">{% include "lines.html" %}</ul>
<div id="answers">{% include "answers.html" %}</div>
<div id="sent" data-realtime-block="sent" data-realtime-on="sent">{% block sent %}
  <ul>{% for one in said %}<li>{{ one }}{% endfor %}</ul>
  <form method="post" action="/say" data-realtime><input name="line"></form>{% endblock %}
</div>
<form id="task" method="post" action="/done" data-realtime>
  <input type="checkbox" name="done"><button>Save</button></form>
<form id="answered" method="post" action="/answer" data-realtime data-realtime-target="#lines">
</form>
<input type="datetime-local" value="2026-11-29T06:30:00">
<input type="range" name="much" value="50">
</body>
</html>
"""
FILLED = """<!doctype html>
<html lang="en">
<head><title>Filled</title><link rel="icon" href="data:,">{{ realtime_script() }}</head>
<body>
<form><input name="text"><input name="first"><input name="second"><input name="third">
  <select name="fourth"><option>a<option>b</select></form><input id="nameless"><input id="day">
<script>
  const fill = (name, value) => (document.querySelector(`[name=${name}]`).value = value);
  fill("first", "at once");
  document.querySelector("#day").value = "today";
  addEventListener("DOMContentLoaded", () => fill("second", "once all is parsed"));
  addEventListener("load", () => fill("third", "once all is loaded") && fill("fourth", "b"));
</script>
</body>
</html>
"""

app = Flask(__name__)
app.secret_key = "a secret of the tests"
app.config["REALTIME_ALLOW_CALLS"] = True
app.jinja_loader = DictLoader(
    {"page.html": PAGE, "form.html": FORM, "lines.html": LINES, "answers.html": ANSWERS}
)
app.jinja_env.globals["token"] = lambda: secrets.token_hex(8)
realtime = Realtime(app)
FIRST = {"version": 1, "name": "", "kind": "", "agreed": "", "lines": [1, 2]}
state = dict(FIRST)
said = []


@app.get("/")
@realtime.subscribes("entries", "sent")
def show():
    state["purpose"] = request.headers.get("Sec-Purpose")
    if not realtime.blocks:
        state.update(FIRST)
        said.clear()
    return render_template("page.html", said=said, **state)


@app.post("/")
def change():
    how = request.args["how"]
    given = {name: request.args.get(name, "") for name in ("name", "kind", "agreed")}
    state.update(given, version=state["version"] + 1, lines=[0, 1, 2])
    audience = realtime.to("entries")
    if how == "block":
        audience.refresh()
    elif how == "update":
        audience.update("#box", "form.html", **state)
    elif how == "replace":
        html = app.jinja_env.get_template("form.html").render(**state)
        audience.replace("#box", html=Markup(f"<div id='box'>{html}</div>"))
    else:
        with audience:
            audience.update(f"#{how}", f"{how}.html", **state)
            audience.update("#version", html=str(state["version"]))
    return ""


@app.get("/filled")
@realtime.subscribes("entries")
def filled():
    """A page whose script fills its fields, all but the first and one that has no name."""
    return render_template_string(FILLED)


@app.get("/purpose")
def purpose():
    """What the browser wanted the page for that it asked for last."""
    return jsonify(state["purpose"])


@app.get("/upload")
def upload():
    return render_template_string(
        "<link rel=icon href='data:,'>{% block upload %}of a stranger{% endblock %}"
    )


@app.post("/trap")
def trap():
    with realtime.to("entries") as change:
        change.append("#lines", html=Markup('<li id="line-9">a line</li>'))
        change.update("#trap", html="of a fragment")
    realtime.to("entries").refresh()
    return ""


@app.post("/say")
def say():
    said.append(request.form["line"])
    if request.form["line"] != "quietly":
        realtime.to("sent").refresh()
        # The block is there before this answer.
        time.sleep(0.5)
    return "", 204


@app.post("/done")
def done():
    return "", 204


@app.post("/answer")
def answer():
    return "<li>an answer</li>"


@app.post("/reload")
def reload():
    realtime.to("entries").reload()
    return ""


@app.post("/refresh/<channel>")
def refresh(channel):
    realtime.to(channel).refresh()
    return ""


@app.post("/fragment")
def fragment():
    realtime.to("sent").update("#sent", html="of a fragment")
    return ""
