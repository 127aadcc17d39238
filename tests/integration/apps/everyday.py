"""An app with the habits of real ones: sessions that the server keeps, a session interface that
reads ``g``, a cache of views, files that the proxy sends, middlewares."""

import json
import logging
import os

from cachelib import FileSystemCache
from flask import (
    Flask,
    Response,
    g,
    jsonify,
    render_template_string,
    request,
    session,
    url_for,
)
from flask_caching import Cache
from flask_session import Session
from werkzeug.middleware.proxy_fix import ProxyFix

from flask_realtime import Realtime

logging.basicConfig(level=logging.INFO)

app = Flask(__name__)
app.secret_key = "a secret of the tests"
app.config.update(
    {key: json.loads(value) for key, value in os.environ.items() if key.startswith("REALTIME_")},
    REALTIME_ALLOW_CALLS=True,
    SESSION_TYPE="cachelib",
    SESSION_CACHELIB=FileSystemCache(os.environ["SESSIONS"]),
    PERMANENT_SESSION_LIFETIME=20,
    CACHE_TYPE="SimpleCache",
)
Session(app)
cache = Cache(app)
realtime = Realtime(app)
realtime.identify(lambda: session.get("user"))

PAGE = "<head>{{ realtime_script() }}</head><body>{{ session.get('user', 'nobody') }}</body>"


class Interface(type(app.session_interface)):
    """A session interface that sets no cookie if the request came with a key, as in Flask-Login's
    documentation."""

    def save_session(self, *args, **kwargs):
        if not g.get("came_with_key"):
            super().save_session(*args, **kwargs)


app.session_interface.__class__ = Interface


def middleware(environ, start_response):
    """Record in the environ what it has begun, and strip a prefix as common snippets do, even if
    nothing of the path remains."""
    environ["trace.began"] = "long ago"
    prefix, path = "/proxied/", environ["PATH_INFO"]
    if path.startswith(prefix):
        environ.update(SCRIPT_NAME=prefix[:-1], PATH_INFO=path.removeprefix(prefix))
    return wsgi_app(environ, start_response)


wsgi_app, app.wsgi_app = app.wsgi_app, ProxyFix(middleware, x_for=1, x_host=1, x_prefix=1)


@app.before_request
def read_key():
    g.came_with_key = "X-Key" in request.headers


@app.route("/on/<channel>", methods=["GET", "POST"])
def on(channel):
    session.permanent = True
    realtime.socket.subscribe(channel)
    return render_template_string(PAGE)


@app.get("/cached/<channel>")
@cache.cached()
def cached(channel):
    return on(channel)


@app.get("/stated")
def stated():
    return "<body>for all</body>", {"Cache-Control": "public, max-age=60"}


@app.errorhandler(404)
def tell_that_there_is_none(error):
    return "<body>There is no such page.</body>", 404


@app.post("/log-in/<name>")
def log_in(name):
    app.session_interface.regenerate(session)
    session["user"] = name
    return "", 204


@app.post("/theme/<name>")
def choose_theme(name):
    session["theme"] = name
    return "", 204


@app.get("/user")
def user():
    return session.get("user", "nobody")


@app.get("/circumstances")
def circumstances():
    names = [key for key in request.environ if "." in key and not key.startswith("flask")]
    asked = (
        "url base_url url_root host host_url scheme script_root root_path path full_path is_secure"
        " remote_addr access_route authorization"
    )
    return jsonify(
        names=names,
        referrer=request.referrer,
        asked={name: str(getattr(request, name)) for name in asked.split()},
        words=list(request.args.items(multi=True)),
        languages=[*request.accept_languages.values()],
        agent=request.user_agent.string,
        external=url_for("circumstances", _external=True, q="ü"),
        cookies=request.cookies,
    )


@app.get("/file")
def file():
    return Response(headers={"X-Accel-Redirect": "/private/file", "X-Sendfile": "/private/file"})


@app.get("/digest")
def digest():
    return realtime.socket.digest


@app.post("/leave/<channel>")
def leave(channel):
    realtime.socket.unsubscribe(channel)
    return "", 204


@app.post("/push-to/<digest>/<channel>")
def push_to(digest, channel):
    realtime.push_to(digest, "still there?", channel)
    return "", 204


@app.post("/push/<channel>/<message>")
def push(channel, message):
    realtime.push(message, channel)
    return "", 204


@realtime.handler("repeat")
def repeat(data):
    return jsonify(data=data, endpoint=request.endpoint)


@realtime.handler("other")
def other(data):
    return request.endpoint
