"""Pages whose links other libraries follow without a navigation, as their users write them."""

import json
import os
import pathlib

from flask import Flask, render_template_string, send_from_directory

from flask_realtime import Realtime

app = Flask(__name__)
app.secret_key = "a secret of the tests"
app.config.update(
    {key: json.loads(value) for key, value in os.environ.items() if key.startswith("REALTIME_")}
)
realtime = Realtime(app)
MODULES = pathlib.Path(__file__).parents[2] / "js" / "node_modules"

PAGE = """<!doctype html><html lang="en"><head><title>{{ name }}</title>
<link rel="icon" href="data:,">
{{ realtime_script() }}
<script type="module">
  window.heard = [];
  realtime.on("*", (payload, { channel }) => heard.push([channel, payload]));
</script>
<script defer src="/modules/{{ library }}"></script>
</head><body {{ attributes|safe }}><h1>{{ name }}</h1>
<a id="next" href="/{{ kind }}/{{ following }}" {{ link|safe }}>{{ following }}</a>
<p x-data="{ text: '' }"
 x-init="void realtime.on('*', (payload) => text = payload)" x-text="text"></p>
</body></html>"""
LIBRARIES = {
    "turbo": ("@hotwired/turbo/dist/turbo.es2017-umd.js", "", ""),
    "unpoly": ("unpoly/unpoly.js", "", "up-follow up-target=body"),
    "htmx": ("htmx.org/dist/htmx.js", 'hx-boost="true"', ""),
    "alpine": ("alpinejs/dist/cdn.js", "", ""),
}


@app.get("/<kind>/<name>")
def show(kind, name):
    realtime.socket.subscribe(name)
    library, attributes, link = LIBRARIES[kind]
    following = f"{name}-next" if not name.endswith("-next") else name.removesuffix("-next")
    return render_template_string(
        PAGE,
        kind=kind,
        name=name,
        library=library,
        attributes=attributes,
        link=link,
        following=following,
    )


@app.get("/modules/<path:path>")
def module(path):
    return send_from_directory(MODULES, path)
