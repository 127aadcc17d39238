"""The README's code for Flask-Security ends sockets at the commit of a new password, and at no
other."""

from __future__ import annotations

import flask
import flask_sqlalchemy
import pytest
from flask_security import Security
from flask_security.models import fsqla_v3 as fsqla

from .test_readme import FRAGMENTS


class Realtime:
    """Stands in for the extension, and notes whose sockets are ended."""

    def __init__(self):
        self.ended = []

    def user(self, user):
        self._user = user
        return self

    def disconnect(self):
        self.ended.append(self._user)


@pytest.fixture(scope="module")
def realtime():
    return Realtime()


@pytest.fixture(scope="module")
def users(realtime):
    """The user datastore of an app that has one user, with the README's code."""
    app = flask.Flask(__name__)
    app.config.update(SECRET_KEY="a secret", SQLALCHEMY_DATABASE_URI="sqlite://")
    app.config.update(SECURITY_PASSWORD_SALT="a salt", SECURITY_PASSWORD_HASH="plaintext")
    app.config["SECURITY_PASSWORD_SCHEMES"] = ["plaintext"]
    db = flask_sqlalchemy.SQLAlchemy(app)
    fsqla.FsModels.set_db_info(db)
    role = type("Role", (db.Model, fsqla.FsRoleMixin), {})
    user = type("User", (db.Model, fsqla.FsUserMixin), {})
    [block] = [code for code in FRAGMENTS if "flask_security" in code]
    names = {"realtime": realtime}
    exec(compile(block, "README.rst", "exec"), names)
    users = names["Users"](db, user, role)
    Security(app, users)
    with app.app_context():
        db.create_all()
        users.create_user(email="ada@example.com", password="a password")
        db.session.commit()
        yield users


@pytest.fixture
def ada(users, realtime):
    """Ada, whose sockets nobody has ended."""
    realtime.ended.clear()
    return users.find_user(email="ada@example.com")


def test_sockets_end_at_the_commit_and_not_before(users, realtime, ada):
    """A savepoint within the transaction is none, and a later commit ends nothing more."""
    earlier = ada.fs_uniquifier
    users.set_uniquifier(ada)
    with users.db.session.begin_nested():
        ada.email = "ada@example.com"
    assert realtime.ended == []

    users.db.session.commit()
    ada.confirmed_at = None
    users.db.session.commit()

    assert realtime.ended == [earlier]


@pytest.mark.parametrize("how", ["rollback", "close"])
def test_sockets_stay_behind_a_rollback(users, realtime, ada, how):
    """The password has not changed, and the next commit is about something else."""
    users.set_uniquifier(ada)
    getattr(users.db.session, how)()

    users.find_user(email="ada@example.com").confirmed_at = None
    users.db.session.commit()

    assert realtime.ended == []
