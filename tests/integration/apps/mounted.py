"""An app below a prefix and behind a proxy, with WebSocket routes of its own."""

import os

from flask import Flask, render_template_string, request
from flask_sock import Sock
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.middleware.proxy_fix import ProxyFix

from flask_realtime import Realtime

mounted = Flask(__name__)
mounted.config.update(
    SECRET_KEY="a secret of the tests",
    REALTIME_REGISTRY="memory",
    SESSION_COOKIE_PATH="/",
    SOCK_SERVER_OPTIONS={"max_message_size": 10, "subprotocols": ["tests"]},
)
sock = Sock(mounted)
mounted.config["REALTIME_ALLOW_CALLS"] = True
realtime = Realtime(mounted)


@mounted.get("/")
def index():
    return "the view at the socket's path"


@mounted.get("/on/<channel>")
def on(channel):
    realtime.socket.subscribe(channel)
    return render_template_string("<body>{{ realtime_script() }}</body>")


@mounted.get("/url")
def url():
    return {"root": request.script_root, "url": request.url}


@sock.route("/echo")
def echo(ws):
    while True:
        ws.send(ws.receive())


if "CONFLICT" in os.environ:

    @sock.route("/")
    def conflict(ws):
        ws.close()


# The middleware is inside the Flask object, so that flask run applies it too.
prefixed = DispatcherMiddleware(Flask("root").wsgi_app, {"/shop": mounted.wsgi_app})
mounted.wsgi_app = ProxyFix(prefixed, x_host=1, x_proto=1)
app = mounted
