"""An app whose pages the server changes: by fragments for all visitors, and by a block for each."""

import json
import os
import pathlib
import secrets

from flask import Flask, abort, g, redirect, render_template_string, request, session, url_for

from flask_realtime import Realtime

app = Flask(__name__)
app.secret_key = "a secret of the tests"
app.config.update(
    {key: json.loads(value) for key, value in os.environ.items() if key.startswith("REALTIME_")}
)
realtime = Realtime(app)

PAGE = """<!doctype html><html lang="en"><head><title>{{ channel }}</title>
<link rel="icon" href="data:,">
{{ realtime_script(nonce=g.nonce) }}
<script nonce="{{ g.nonce }}">
  window.events = [];
  for (const name of ["html", "stale", "lost", "push"]) {
    document.addEventListener(`realtime:${name}`, ({ detail }) => events.push([name, detail]));
  }
</script>
</head><body>
<ul id="messages"><li id="m0">first</li></ul>
<p class="count">0</p><p class="count">0</p>
<div id="box"><input id="text" value="old"><input id="other"></div>
<div id="scroll">{% for n in range(99) %}<p>{{ n }}</p>{% endfor %}</div>
<main data-realtime-block="mine" data-realtime-on="{{ channel }}">
{%- block mine -%}
  <b id="who">{{ session.get("name", "nobody") }}</b> <i id="seen">{{ seen }}</i>
  <input id="draft">
{%- endblock -%}
</main>
</body></html>"""


@app.before_request
def make_nonce():
    g.nonce = secrets.token_urlsafe(16)


@app.after_request
def protect(response):
    response.headers["Content-Security-Policy"] = (
        f"default-src 'none'; script-src 'nonce-{g.nonce}' 'strict-dynamic'; "
        "connect-src 'self'; img-src data:; require-trusted-types-for 'script'; "
        "trusted-types flask-realtime"
    )
    return response


@app.get("/as/<name>/<channel>")
def enter(name, channel):
    session["name"] = name
    return redirect(url_for("show", channel=channel))


@app.get("/out/<channel>")
def leave(channel):
    del session["name"]
    return ""


@app.get("/rooms/<channel>")
def show(channel):
    if "name" not in session:
        abort(403)
    realtime.socket.subscribe(channel)
    path = os.environ["SEEN"]
    seen = pathlib.Path(path).read_text() if os.path.exists(path) else ""
    return render_template_string(PAGE, channel=channel, seen=seen)


@app.post("/rooms/<channel>")
def change(channel):
    """Push the change that the test asks for, with the audience that the test names."""
    asked = request.get_json()
    audience = realtime.to(channel, **asked.get("to", {}))
    if asked["action"] == "refresh":
        audience.refresh()
    else:
        with audience as changes:
            for one in [asked, *asked.get("then", [])]:
                _make(changes, **{key: one[key] for key in one if key not in ("to", "then")})
    return ""


def _make(changes, action, target=None, html=None, **options):
    arguments = [] if target is None else [target]
    if html is not None:
        from markupsafe import Markup

        options["html"] = Markup(html)
    getattr(changes, action)(*arguments, **options)
