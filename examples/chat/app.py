"""A chat: rooms, who is here, who is writing, history in a database; works without JavaScript."""

import secrets
from contextlib import contextmanager, suppress
from time import time
from zlib import crc32

from flask import Flask, flash, redirect, render_template, request, session, url_for
from flask_wtf import CSRFProtect
from flask_wtf.csrf import CSRFError
from models import PAGE, Message, Visitor, db
from sqlalchemy.exc import OperationalError

from flask_realtime import Realtime

ROOMS = {
    "lobby": "Whatever comes to mind",
    "music": "What are you listening to?",
    "garden": "Seeds, slugs and sunshine",
    "food": "What is for dinner?",
}
ROOM = f"/rooms/<any({', '.join(ROOMS)}):room>"

app = Flask(__name__)
app.config.from_mapping(
    SECRET_KEY="change me",
    SESSION_COOKIE_SAMESITE="Lax",
    SQLALCHEMY_DATABASE_URI="sqlite:///chat.sqlite",
    WTF_CSRF_TIME_LIMIT=None,  # a chat stays open for longer than the hour that is the default
)
# FLASK_REALTIME_REDIS=redis://localhost:6379/0 is all that several processes need.
app.config.from_prefixed_env()
db.init_app(app)
csrf = CSRFProtect(app)
realtime = Realtime(app)

# Of several workers that start at once, one creates the tables.
with app.app_context(), suppress(OperationalError):
    db.create_all()


@app.before_request
def ask_for_name():
    """Runs for every request, and for every call and message of a socket."""
    handlers = ("realtime.message.writing", "realtime.message.here")
    if request.endpoint in ("show", "earlier", "say", *handlers) and "name" not in session:
        return redirect(url_for("index"))


@app.errorhandler(CSRFError)
def log_in_again(error):
    """Answers a page whose session has ended since, perhaps in another tab: its token is void."""
    if realtime.is_socket_request:
        return error
    flash("You have left the chat, perhaps in another tab. Log in again: what you wrote is kept.")
    return redirect(url_for("index"))


@app.after_request
def forbid_inline_code(response):
    response.headers["Content-Security-Policy"] = "default-src 'self'"
    return response


@app.get("/")
def index():
    return render_template("index.html")


@app.post("/enter")
def enter():
    if name := request.form["name"].strip()[:40]:
        session["name"] = name
    room = request.form["room"]
    return redirect(url_for("show", room=room if room in ROOMS else "lobby"))


@app.post("/leave")
def leave():
    realtime.socket.disconnect(everywhere=True)  # open sockets would keep the name
    session.clear()
    return redirect(url_for("index"))


@app.get(ROOM)
def show(room):
    # Subscribe first, then read: what is said in between comes by one way, or by both.
    realtime.socket.subscribe([f"room:{name}" for name in ROOMS], f"here:{room}", f"writing:{room}")
    is_here(room)
    return render_template(
        "room.html", room=room, messages=Message.page(room), names=Visitor.names(room)
    )


@app.get(f"{ROOM}/before/<int:message_id>")
@realtime.allow_calls
def earlier(room, message_id):
    # A call by an open page gets the messages alone, a browser a whole page.
    template = "messages.html" if realtime.is_socket_request else "earlier.html"
    return render_template(template, room=room, messages=Message.page(room, message_id))


@app.post(f"{ROOM}/messages")
@realtime.allow_calls
def say(room):
    """Answers the form, whether it comes by HTTP or over the socket."""
    if text := request.form["text"].strip()[:2000]:
        message = Message.add(request.form["key"][:40], room, session["name"], text)
        html = render_template("message.html", message=message)
        realtime.push({"id": message.id, "html": html}, f"room:{message.room}", push_id=message.key)
    if realtime.is_socket_request:
        return "", 204
    return redirect(url_for("show", room=room))


@realtime.handler("writing")
def writing(message):
    channel = f"writing:{message.get('room')}"
    if channel in realtime.socket.channels:  # a page may speak where it may listen
        realtime.push(session["name"], channel)


@realtime.handler("here")
def here(message):
    room = message.get("room")
    if f"here:{room}" in realtime.socket.channels:
        is_here(room)
        return render_template("people.html", names=Visitor.names(room))


@realtime.on_leave
def left():
    if visitor := db.session.get(Visitor, realtime.socket.digest):
        with change_of_visitors(visitor.room):
            db.session.delete(visitor)


def is_here(room):
    with change_of_visitors(room):
        digest = realtime.socket.digest
        db.session.merge(Visitor(digest=digest, room=room, name=session["name"], seen_at=time()))


@contextmanager
def change_of_visitors(room):
    """Commits what the ``with`` block does, and pushes who is here if that has changed."""
    before = Visitor.names(room)
    yield
    Visitor.forget_silent()
    db.session.commit()
    if (names := Visitor.names(room)) != before:
        realtime.push(render_template("people.html", names=names), f"here:{room}")


@app.template_global()
def new_key():
    return secrets.token_hex(16)


@app.template_filter()
def colour(name):
    """Return one of twelve colours, always the same for one name."""
    return crc32(name.encode()) % 12


app.jinja_env.globals.update(ROOMS=ROOMS, PAGE=PAGE)
