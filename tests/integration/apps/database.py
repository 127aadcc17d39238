"""An app that reads its user from a database with each request; the pool has five connections."""

import json
import os

from flask import Flask, g, session
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.pool import QueuePool

from flask_realtime import Realtime

app = Flask(__name__)
app.secret_key = "a secret of the tests"
app.config.update(
    {key: json.loads(value) for key, value in os.environ.items() if key.startswith("REALTIME_")},
    SQLALCHEMY_DATABASE_URI=f"sqlite:///{os.environ['DATABASE']}",
    SQLALCHEMY_ENGINE_OPTIONS={
        "poolclass": QueuePool,
        "pool_size": 5,
        "max_overflow": 0,
        "pool_timeout": 5,
    },
)
database = SQLAlchemy(app)
app.config["REALTIME_ALLOW_CALLS"] = True
realtime = Realtime(app)


class User(database.Model):
    id = database.Column(database.Integer, primary_key=True)
    name = database.Column(database.String)


with app.app_context():
    database.create_all()
    database.session.merge(User(id=1, name="Ada"))
    database.session.commit()


@app.before_request
def read_user():
    session.setdefault("user", 1)
    g.user = database.session.get(User, session["user"])


@app.get("/on/<channel>")
def on(channel):
    realtime.socket.subscribe(channel)
    return f"<body>{g.user.name}</body>"


@app.get("/user")
def user():
    realtime.push(g.user.name, "users")
    return g.user.name


@app.get("/pool")
def pool():
    return str(database.engine.pool.checkedout())


@realtime.handler("whoami")
def whoami(message):
    return g.user.name
