"""The app with Flask-SocketIO."""

import os

from flask import Flask, request
from flask_socketio import SocketIO, join_room
from pushing import add_routes

app = Flask(__name__)
app.secret_key = "a secret of the benchmarks"
socketio = SocketIO(
    app,
    async_mode=os.environ.get("SOCKETIO_ASYNC_MODE", "gevent"),
    # An hour, so that no ping disturbs the measurement.
    ping_interval=3600,
    message_queue=os.environ.get("SOCKETIO_REDIS"),
)


@socketio.on("connect")
def connect():
    join_room(request.args["room"])


@socketio.on("echo")
def echo(message):
    return {"some": "json"}


add_routes(app, lambda message, channel: socketio.emit("message", message, to=channel))
