"""A chat: rooms, names, who is writing, history in a database; works without JavaScript too."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import datetime, timezone

from flask import Flask, redirect, render_template, request, session, url_for
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import func
from sqlalchemy.exc import OperationalError

from flask_realtime import Realtime

PAGE = 30  # messages
ROOMS = ("lobby", "music", "gardening")

app = Flask(__name__)
app.config.from_mapping(SECRET_KEY="change me", SQLALCHEMY_DATABASE_URI="sqlite:///chat.sqlite")
# FLASK_REALTIME_REDIS=redis://localhost:6379/0 is all that several processes need.
app.config.from_prefixed_env()
database = SQLAlchemy(app)
realtime = Realtime(app)


class Message(database.Model):
    id = database.Column(database.Integer, primary_key=True)
    room = database.Column(database.String(40), index=True, nullable=False)
    author = database.Column(database.String(40), nullable=False)
    text = database.Column(database.String(2000), nullable=False)
    at = database.Column(database.DateTime, default=lambda: datetime.now(timezone.utc))

    @property
    def hue(self) -> int:
        """The author's colour, the same on every page."""
        return sum(ord(letter) * 37 for letter in self.author) % 360

    @classmethod
    def before(cls, room: str, message_id: int | None) -> list[Message]:
        """The page of messages that ends before *message_id*, or with the last one."""
        query = cls.query.filter_by(room=room)
        if message_id is not None:
            query = query.filter(cls.id < message_id)
        return query.order_by(cls.id.desc()).limit(PAGE).all()[::-1]


# Of several workers that start at once, one creates the tables.
with app.app_context(), suppress(OperationalError):
    database.create_all()


@app.get("/")
def index():
    counted = database.session.query(Message.room, func.count()).group_by(Message.room)
    rooms = dict.fromkeys(ROOMS, 0) | dict(counted.all())
    return render_template("index.html", rooms=rooms, name=session.get("name"))


@app.post("/enter")
def enter():
    name = request.form["name"].strip()[:40]
    if name:
        session["name"] = name
    return redirect(url_for("show", room=to_room(request.form["room"])))


@app.get("/rooms/<room>")
def show(room):
    if "name" not in session:
        return redirect(url_for("index"))
    # First subscribed, then read: from here on nothing is missed.
    realtime.socket.subscribe(f"room:{room}", f"writing:{room}")
    messages = Message.before(room, request.args.get("before", type=int))
    has_more = len(messages) == PAGE
    return render_template("room.html", room=room, messages=messages, has_more=has_more)


@app.post("/rooms/<room>/messages")
def say(room):
    text = request.form["text"].strip()[:2000]
    if text and "name" in session:
        message = Message(room=room, author=session["name"], text=text)
        database.session.add(message)
        database.session.commit()
        html = render_template("message.html", message=message)
        realtime.push({"id": message.id, "author": message.author, "html": html}, f"room:{room}")
    if realtime.is_socket_request:
        return "", 204
    return redirect(url_for("show", room=room))


@realtime.handler("writing")
def writing(message):
    channel = f"writing:{message['room']}"
    if channel in realtime.socket.channels:
        realtime.push(session["name"], channel)
    return "", 204


def to_room(name: str) -> str:
    """What is left of *name* for a URL."""
    return re.sub(r"[^\w-]+", "-", name.strip().lower())[:40].strip("-") or ROOMS[0]
