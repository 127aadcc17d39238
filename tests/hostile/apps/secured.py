"""An app with Flask-Security, which does log-ins, log-outs and changes of passwords."""

import json
import os
import pathlib
import time

import flask_login
from flask import Flask, render_template_string, request
from flask_security import (
    MailUtil,
    Security,
    SQLAlchemyUserDatastore,
    auth_required,
    current_user,
)
from flask_security.models import fsqla_v3 as fsqla
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import event

from flask_realtime import Realtime

app = Flask(__name__)
app.config.update(
    SECRET_KEY="a secret of the tests",
    SECURITY_PASSWORD_SALT="a salt of the tests",
    SECURITY_PASSWORD_HASH="plaintext",
    SECURITY_PASSWORD_SCHEMES=["plaintext"],
    SECURITY_CHANGEABLE=True,
    SECURITY_SEND_PASSWORD_CHANGE_EMAIL="HOLD" in os.environ,
    SQLALCHEMY_DATABASE_URI=os.environ["DATABASE"],
    # The tests send forms without having loaded them.
    WTF_CSRF_ENABLED=False,
)
app.config.update(
    {key: json.loads(value) for key, value in os.environ.items() if key.startswith("REALTIME_")}
)
db = SQLAlchemy(app)
fsqla.FsModels.set_db_info(db)
realtime = Realtime(app)
realtime.identify(flask_login)


class Role(db.Model, fsqla.FsRoleMixin):
    pass


class User(db.Model, fsqla.FsUserMixin):
    pass


class Users(SQLAlchemyUserDatastore):
    """Ends a user's sockets wherever Flask-Security ends the user's sessions."""

    def __init__(self, db, *models):
        super().__init__(db, *models)
        event.listen(db.session, "after_commit", self.end_earlier)
        event.listen(db.session, "after_transaction_end", self.forget_earlier)

    def set_uniquifier(self, user, uniquifier=None):
        earlier = user.fs_uniquifier
        super().set_uniquifier(user, uniquifier)
        if earlier:
            self.db.session.info.setdefault("earlier", []).append(earlier)

    @staticmethod
    def end_earlier(session):
        if not session.in_nested_transaction():  # SQLAlchemy calls it for savepoints, too
            for earlier in session.info.pop("earlier", []):
                realtime.user(earlier).disconnect()

    @staticmethod
    def forget_earlier(session, transaction):
        if transaction.parent is None:  # also behind a rollback, and close()
            session.info.pop("earlier", None)


class SlowMail(MailUtil):
    """Sends no mail, and takes until a test lets it go on."""

    def send_mail(self, *mail, **details):
        folder = pathlib.Path(os.environ["HOLD"])
        (folder / "arrived").touch()
        while not (folder / "go").exists():
            time.sleep(0.01)


users = Users(db, User, Role)
Security(app, users, mail_util_cls=SlowMail)

with app.app_context():
    db.create_all()
    for name in ("ada", "ben"):
        users.create_user(email=f"{name}@example.com", password="a password of the tests")
    db.session.commit()


@app.get("/")
def index():
    return render_template_string("<head>{{ realtime_script() }}</head><body>welcome</body>")


@app.get("/inbox")
@auth_required("session")
def inbox():
    realtime.socket.subscribe(f"inbox:{current_user.email}")
    return render_template_string("<head>{{ realtime_script() }}</head><body>inbox</body>")


@app.post("/tell/<name>")
def tell(name):
    user = users.find_user(email=f"{name}@example.com")
    realtime.to_user(user.get_id()).push(request.get_json())
    return "", 204
