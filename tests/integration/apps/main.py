"""The app of most integration tests: it does what a small app would do."""

import datetime
import json
import logging
import os
import threading
import time

from flask import Flask, abort, g, jsonify, redirect, render_template_string, request, session

from flask_realtime import Realtime

logging.basicConfig(level=logging.INFO)

app = Flask(__name__)
app.secret_key = "a secret of the tests"
app.config.update(
    {key: json.loads(value) for key, value in os.environ.items() if key.startswith("REALTIME_")}
)
app.config.setdefault("REALTIME_ALLOW_CALLS", True)
app.config.setdefault("REALTIME_CALL_HEADERS", ["X-Mine"])
realtime = Realtime(app)
teardowns = []

PAGE = """<!doctype html><html><head><title>{{ title }}</title>{{ realtime_script() }}</head>
<body class="page"><h1>{{ title }}</h1>
{% block list %}<ul>{% for one in items %}<li>{{ one }}</li>{% endfor %}</ul>{% endblock %}
</body></html>"""


@app.get("/")
def index():
    return "<!doctype html><html><body>Hello</body></html>"


@app.get("/on/<channel>")
def on(channel):
    realtime.socket.subscribe(channel)
    return render_template_string(PAGE, title=channel, items=[channel])


@app.get("/past/<channel>/<int:last>")
@realtime.subscribes("{channel}", last=3)
def past(channel, last):
    realtime.socket.subscribe(f"{channel}-own", last=last)
    return render_template_string(PAGE, title=channel, items=[channel])


@app.post("/again/<channel>/<int:last>")
def again(channel, last):
    realtime.socket.unsubscribe(channel)
    realtime.socket.subscribe(channel, last=last)
    return "", 204


@app.post("/push/<channel>")
def push(channel):
    realtime.push(request.get_json(), channel)
    return "", 204


@app.post("/push-many/<channel>")
def push_many(channel):
    realtime.push_many([(payload, channel) for payload in request.get_json()])
    return "", 204


@app.post("/push-to-others/<channel>")
def push_to_others(channel):
    realtime.to(channel, include_self=False).push(request.get_json())
    return "", 204


@app.post("/push-pattern")
def push_pattern():
    realtime.push(
        request.json["message"], *request.json["channels"], pattern=request.json.get("pattern")
    )
    return "", 204


@app.post("/push-dates/<channel>")
def push_dates(channel):
    realtime.push({"on": datetime.date(2026, 1, 2)}, channel)
    return "", 204


@app.post("/push-large/<channel>/<int:size>")
def push_large(channel, size):
    realtime.push("x" * size, channel)
    return "", 204


@app.post("/push-once/<channel>/<push_id>")
def push_once(channel, push_id):
    realtime.push("once", channel, push_id=push_id)
    return "", 204


@app.route("/subscribe/<channel>", methods=["GET", "POST"])
def subscribe(channel):
    realtime.socket.subscribe(channel, last=request.args.get("last", 0, int))
    return jsonify(sorted(realtime.socket.channels))


@app.route("/unsubscribe/<channel>", methods=["GET", "POST"])
def unsubscribe(channel):
    realtime.socket.unsubscribe(channel)
    return jsonify(sorted(realtime.socket.channels))


@app.get("/digest")
def digest():
    return realtime.socket.digest


@app.post("/push-to/<digest>/<channel>")
def push_to(digest, channel):
    realtime.socket.push_to(digest, request.get_json(), channel)
    return "", 204


@app.post("/disconnect")
def disconnect():
    realtime.socket.disconnect()
    return "", 204


@app.post("/disconnect-everywhere")
def disconnect_everywhere():
    realtime.socket.disconnect(everywhere=True)
    return "", 204


@app.post("/logout")
def logout():
    realtime.socket.disconnect(everywhere=True)
    session.clear()
    return "bye"


@app.get("/health")
def health():
    return {
        **realtime.health(app),
        "pid": os.getpid(),
        # The threads of gunicorn's pool never end.
        "threads": len([one for one in threading.enumerate() if "PoolExec" not in one.name]),
    }


@app.post("/drain")
def drain():
    threading.Thread(target=realtime.drain, args=(0.2,)).start()
    return "", 204


@app.get("/session")
def show_session():
    return {key: value for key, value in session.items() if key != "socket_key"}


@app.route("/session/<key>/<value>", methods=["GET", "POST"])
def set_session(key, value):
    session[key] = value
    return "", 204


@app.route("/forget/<key>", methods=["GET", "POST"])
def forget(key):
    session.pop(key, None)
    return "", 204


@app.route("/echo", methods=["GET", "POST", "PUT", "DELETE"])
def echo():
    return {
        "method": request.method,
        "args": request.args.to_dict(flat=False),
        "form": request.form.to_dict(flat=False),
        "json": request.get_json(silent=True),
        "host": request.host,
        "url": request.url,
        "remote": request.remote_addr,
        "agent": request.headers.get("User-Agent"),
        "mine": request.headers.get("X-Mine"),
        "socket": realtime.is_socket_request,
        "connection_id": realtime.socket.connection_id,
    }


@app.get("/slow/<float:seconds>")
def slow(seconds):
    time.sleep(seconds)
    return f"slept {seconds}"


@app.get("/fails")
def fails():
    raise ZeroDivisionError("on purpose")


@app.get("/nowhere")
def nowhere():
    abort(410)


@app.get("/away")
def away():
    return redirect("/", 303)


@app.get("/bytes")
def some_bytes():
    return b"\x00\xff", 200, {"Content-Type": "application/octet-stream"}


@app.get("/stream")
def stream():
    return app.response_class((b"x" for _ in range(10)), mimetype="text/plain")


@app.before_request
def refuse():
    if request.endpoint == "realtime.socket" and "refused" in session:
        abort(401)
    g.stamp = time.monotonic()


@app.teardown_request
def note(error):
    teardowns.append(1)


@app.get("/teardowns")
def count_teardowns():
    return str(len(teardowns))


@realtime.handler("shout")
def shout(message):
    return {"shouted": str(message.get("text", "")).upper()}


@realtime.handler("fail")
def fail(message):
    raise ZeroDivisionError("in a handler, on purpose")


@realtime.handler("sleep")
def sleep(message):
    time.sleep(float(message["seconds"]))
    return "slept"


@realtime.on_join
def join():
    word = "joined again" if realtime.socket.is_resumed else "joined"
    realtime.push(word, f"record:{realtime.socket.connection_id}")


@realtime.on_leave
def leave():
    realtime.push("left", f"record:{realtime.socket.connection_id}")
