"""A microblog: one page with everybody's posts, private messages, and a badge with the number of
unread messages."""

import json
import os
from contextlib import suppress

import flask_login
from flask import Flask, redirect, render_template, request, url_for
from flask_login import LoginManager, UserMixin, current_user, login_required
from flask_sqlalchemy import SQLAlchemy
from jinja2 import DictLoader
from sqlalchemy.exc import OperationalError

from flask_realtime import Realtime

app = Flask(__name__)
app.secret_key = "a secret of the tests"
app.config.update(
    {key: json.loads(value) for key, value in os.environ.items() if key.startswith("REALTIME_")},
    SQLALCHEMY_DATABASE_URI=f"sqlite:///{os.environ['DATABASE']}",
)
app.jinja_loader = DictLoader(
    {
        "post": '<li id="post-{{ post.id }}">{{ post.text }}</li>',
        "page": """<!doctype html><link rel="icon" href="data:,"><title>Microblog</title>
{{ realtime_script() }}
<body><h1>{{ current_user.name }}</h1><b id="badge">{{ current_user.unread }}</b>
<ul id="posts">{% for post in posts %}{% include "post" %}{% endfor %}</ul></body>""",
    }
)
db = SQLAlchemy(app)
login = LoginManager(app)
login.login_view = "door"
realtime = Realtime(app)
realtime.identify(flask_login)


class User(UserMixin, db.Model):
    id = db.Column(db.Integer, primary_key=True)
    name = db.Column(db.String, unique=True)

    @property
    def unread(self):
        return Message.query.filter_by(recipient=self.id, is_read=False).count()


class Post(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    text = db.Column(db.String)


class Message(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    recipient = db.Column(db.Integer)
    text = db.Column(db.String)
    is_read = db.Column(db.Boolean, default=False)


# Of several workers that start at once, one creates the tables.
with app.app_context(), suppress(OperationalError):
    db.create_all()


@login.user_loader
def load(user_id):
    return db.session.get(User, int(user_id))


@app.get("/")
def door():
    return "<link rel=icon href='data:,'><h1>Who are you?</h1>"


@app.get("/login/<name>")
def log_in(name):
    user = User.query.filter_by(name=name).first() or User(name=name)
    db.session.add(user)
    db.session.commit()
    flask_login.login_user(user)
    return redirect(url_for("explore"))


@app.get("/logout")
def log_out():
    flask_login.logout_user()
    return redirect(url_for("door"))


@app.get("/explore")
@login_required
@realtime.subscribes("explore")
def explore():
    return render_template("page", posts=Post.query.all())


@app.get("/profile")
@login_required
@realtime.subscribes()
def profile():
    """A page that is subscribed to its user's channel and to no other."""
    return render_template("page", posts=[])


@app.get("/messages")
@login_required
@realtime.subscribes()
def read():
    Message.query.filter_by(recipient=current_user.id).update({"is_read": True})
    db.session.commit()
    show_unread(current_user)
    return render_template("page", posts=[])


@app.post("/messages")
@login_required
@realtime.allow_calls
def write():
    recipient = User.query.filter_by(name=request.form["to"]).one()
    db.session.add(Message(recipient=recipient.id, text=request.form["text"]))
    db.session.commit()
    show_unread(recipient)
    return "", 204


@app.post("/posts")
@login_required
@realtime.allow_calls
def post():
    one = Post(text=request.form["text"])
    db.session.add(one)
    db.session.flush()
    realtime.to("explore", after_commit=db.session).append("#posts", "post", post=one)
    if one.text == "nothing":
        db.session.rollback()
    db.session.commit()
    return "", 204


def show_unread(user):
    realtime.to_user(user.id).update("#badge", html=str(user.unread))
