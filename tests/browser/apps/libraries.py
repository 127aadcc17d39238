"""Pages that use Turbo, htmx and other libraries, which follow links without a navigation."""

import itertools
import json
import os
import pathlib

from flask import Flask, render_template_string, request, send_from_directory

from flask_realtime import Realtime

app = Flask(__name__)
app.secret_key = "a secret of the tests"
app.config.update(
    {key: json.loads(value) for key, value in os.environ.items() if key.startswith("REALTIME_")}
)
realtime = Realtime(app)
counts = itertools.count(1)
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
LIVE = PAGE.replace(
    "</body>",
    """<div id="place"></div><p id="answer"></p>
<section data-realtime-block="live" data-realtime-on="{{ name }}">
{% block live %}<button id="in-block" {{ asking|safe }}>{{ count }}</button>
<p id="component" x-data="{ one: 1 }" x-text="one + {{ count }}"></p>{% endblock %}
</section></body>""",
)
ASKING = 'hx-get="/answer" hx-target="#answer"'
LIBRARIES = {
    "turbo": ("@hotwired/turbo/dist/turbo.es2017-umd.js", "", ""),
    "unpoly": ("unpoly/unpoly.js", "", "up-follow up-target=body"),
    "htmx": ("htmx.org/dist/htmx.js", 'hx-boost="true"', ""),
    "htmx4": ("htmx4/dist/htmx.js", 'hx-boost:inherited="true"', ""),
    "alpine": ("alpinejs/dist/cdn.js", "", ""),
}


@app.get("/<kind>/<name>")
def show(kind, name):
    realtime.socket.subscribe(name)
    return page(PAGE, kind, name)


@app.route("/<kind>/live/<name>", methods=["GET", "POST"])
@realtime.subscribes("{name}")
def live(kind, name):
    return page(LIVE, f"{kind}/live", name, asking=ASKING, count=next(counts))


@app.get("/answer")
def answer():
    """Answer with the page that the request names as its own, and push the same to all other
    pages."""
    realtime.to(request.args.get("channel", "nobody"), include_self=False).push("asked")
    return realtime.socket.connection_id


def page(template, kind, name, **variables):
    library, attributes, link = LIBRARIES[kind.partition("/")[0]]
    following = f"{name}-next" if not name.endswith("-next") else name.removesuffix("-next")
    return render_template_string(
        template,
        kind=kind,
        name=name,
        library=library,
        attributes=attributes,
        link=link,
        following=following,
        **variables,
    )


@app.get("/modules/<path:path>")
def module(path):
    return send_from_directory(MODULES, path)
