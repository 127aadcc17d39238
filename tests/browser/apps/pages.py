"""The app that most browser tests use; every page has a strict Content-Security-Policy."""

import json
import os
import secrets

from flask import Flask, abort, g, redirect, render_template_string, request, session, url_for
from flask_login import LoginManager, UserMixin, current_user, login_user, logout_user
from flask_session import Session

from flask_realtime import Realtime
from flask_realtime.session import ended_in_browser

app = Flask(__name__)
app.secret_key = "a secret of the tests"
app.config.update(
    {key: json.loads(value) for key, value in os.environ.items() if key.startswith("REALTIME_")}
)
if "SESSIONS" in os.environ:
    from cachelib import FileSystemCache

    cache = FileSystemCache(os.environ["SESSIONS"])
    app.config.update(SESSION_TYPE="cachelib", SESSION_CACHELIB=cache)
    Session(app)
app.config.setdefault("REALTIME_ALLOW_CALLS", True)
# Another than its own: browsers keep none of its cookies.
app.config["SESSION_COOKIE_DOMAIN"] = os.environ.get("COOKIE_DOMAIN")
realtime = Realtime(app)
if "LATE" in os.environ:
    ended_in_browser.LATE_SECONDS = float(os.environ["LATE"])
login = LoginManager(app)

PAGE = """<!doctype html><html lang="en"><head><title>{{ title }}</title>
<link rel="icon" href="data:,">
{{ realtime_script(nonce=g.nonce) }}
<script type="module" nonce="{{ g.nonce }}">
  window.heard = [];
  window.events = [];
  window.shown = 0;
  realtime.on("*", (payload, { channel }) => heard.push(payload));
  for (const name of ["open", "close", "lost", "identity"]) {
    document.addEventListener(`realtime:${name}`, ({ detail }) => events.push([name, detail]));
  }
  addEventListener("pageshow", ({ persisted }) => persisted && (window.shown += 1));
</script>
</head><body><h1>{{ title }}</h1>{% block main %}{{ main|safe }}{% endblock %}
<a id="next" href="{{ url_for('on', channel='next') }}">on</a></body></html>"""


class User(UserMixin):
    def __init__(self, name):
        self.id = name


login.user_loader(User)


@app.before_request
def make_nonce():
    g.nonce = secrets.token_urlsafe(16)
    g.connect = "connect-src 'self'"


@app.after_request
def protect(response):
    response.headers["Content-Security-Policy"] = (
        f"default-src 'none'; script-src 'nonce-{g.nonce}' 'strict-dynamic'; "
        f"{g.connect}; img-src data:; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
    return response


def page(title, main=""):
    return render_template_string(PAGE, title=title, main=main)


@app.get("/on/<channel>")
def on(channel):
    realtime.socket.subscribe(channel)
    return page(channel)


@app.get("/either/<channel>")
def either(channel):
    """A page for a browser, and JSON, which is missing, for a client that takes anything."""
    if request.accept_mimetypes.best_match(["application/json", "text/html"]) != "text/html":
        abort(404)
    return on(channel)


@app.post("/posted/<channel>")
@app.route("/asked-too/<channel>", methods=["GET", "POST"])
def post(channel):
    """A page that answers a POST; one of its two addresses answers a GET too."""
    realtime.socket.subscribe(channel)
    return page(request.method)


@app.get("/clobbered/<channel>")
def clobbered(channel):
    """A page with pictures whose names hide properties of its document."""
    realtime.socket.subscribe(channel)
    names = (
        "baseURI body currentScript dispatchEvent documentElement head hidden "
        "querySelector querySelectorAll readyState visibilityState"
    )
    return page("clobbered", "".join(f'<img name="{name}" alt="">' for name in names.split()))


@app.get("/unconnected")
def unconnected():
    """A page whose Content-Security-Policy has no connect-src."""
    g.connect = ""
    return page("unconnected")


@app.get("/plain")
def plain():
    return page("plain")


@app.get("/late")
def late():
    return render_template_string(
        "<link rel=icon href='data:,'><body><template>{{ realtime_script(g.nonce) }}</template>"
    )


@app.get("/awaits/<channel>")
def awaits(channel):
    """A page with a module that awaits a first message before it adds its listener."""
    realtime.socket.subscribe(channel)
    return render_template_string(
        """<link rel="icon" href="data:,"><body>
        <script nonce="{{ g.nonce }}">
          window.heard = [];
          window.hasCome = new Promise((resolve) => {
            window.WebSocket = class extends WebSocket {
              constructor(...options) {
                super(...options);
                this.addEventListener("message", ({ data }) => {
                  if (data.includes("early")) setTimeout(resolve);
                });
              }
            };
          });
        </script>
        {{ realtime_script(g.nonce) }}
        <script type="module" nonce="{{ g.nonce }}">
          await hasCome;
          realtime.on({{ channel|tojson }}, (payload) => heard.push(payload));
        </script>""",
        channel=channel,
    )


@app.get("/with-a-block")
def with_a_block():
    """A page with a block that has not been refreshed yet."""
    return render_template_string(
        """<link rel="icon" href="data:,"><body>{{ realtime_script(g.nonce) }}
        <p data-realtime-block="text" data-realtime-on="text">{% block text %}{% endblock %}</p>"""
    )


@app.get("/beside-others")
def beside_others():
    """A page with an import map, and scripts of other libraries with the same data attributes."""
    return render_template_string(
        """<link rel="icon" href="data:,"><body>
        <script nonce="{{ g.nonce }}" data-prefix="/elsewhere" data-path="/none"></script>
        {{ realtime_script(g.nonce) }}
        <script type="importmap" nonce="{{ g.nonce }}">{"imports": {"own": "/own.js"}}</script>
        <script type="module" nonce="{{ g.nonce }}">
          import { own } from "own";
          window.imported = own;
        </script>"""
    )


@app.get("/own.js")
def own():
    return "export const own = 'its own';", {"Content-Type": "text/javascript"}


@app.get("/id")
def show_id():
    return realtime.socket.connection_id


@app.post("/leave/<channel>")
def leave(channel):
    realtime.socket.unsubscribe(channel)
    return "", 204


@app.post("/disconnect")
def disconnect():
    realtime.socket.disconnect(everywhere=True)
    session.clear()
    return "", 204


@app.route("/login/<name>", methods=["GET", "POST"])
def log_in(name):
    login_user(User(name), remember="remember" in request.args)
    return redirect(url_for("whoami"), 303)


@app.post("/logout")
def log_out():
    if "everywhere" in request.args:
        realtime.socket.disconnect(everywhere=True)
    logout_user()
    return "", 204


@app.post("/rotate")
def rotate():
    app.session_interface.regenerate(session)
    return "", 204


@app.get("/whoami")
def whoami():
    return page(current_user.id if current_user.is_authenticated else "nobody")


FORM = """<form method="post" action="{url}" data-realtime {attributes}>
<input name="text" required><input name="many" value="1"><input name="many" value="2">
<textarea name="long"></textarea>
<button id="say" name="button" value="say">say</button>
<button id="other" formaction="{other}" formmethod="get">other</button>
</form>
<a id="list" href="{list}" data-realtime data-realtime-target="#here">list</a>
<a id="away" href="{away}" data-realtime>away</a><p id="here"></p>"""


@app.get("/form")
def form():
    urls = {"url": url_for("say"), "other": url_for("search", fixed=1)}
    urls |= {"list": url_for("items"), "away": url_for("away")}
    return page("form", FORM.format(**urls, attributes=request.args.get("attributes", "")))


@app.post("/say")
def say():
    how = "by the socket" if realtime.is_socket_request else "by HTTP"
    fields = {**request.form.to_dict(flat=False), "files": list(request.files)}
    fields["long"] = len(request.form.get("long", ""))
    text = request.form["text"]
    if text == "nothing":
        return "", 204
    if text == "redirect":
        return redirect(url_for("on", channel=how))
    if text == "script":
        return "", 303, {"Location": "javascript:document.title='run'"}
    return page(f"said {how}", f"<pre>{json.dumps(fields)}</pre>"), 422


@app.get("/search")
def search():
    how = "by the socket" if realtime.is_socket_request else "by HTTP"
    return page(f"found {how}", f"<pre>{json.dumps(request.args.to_dict())}</pre>")


@app.get("/items")
def items():
    return "<b>one</b>" if realtime.is_socket_request else page("items", "<b>by HTTP</b>")


@app.get("/away")
def away():
    if not realtime.is_socket_request:
        abort(410)
    return redirect(url_for("on", channel="away"))
