"""Commits in a process whose apps, each with a Realtime of its own, share their models."""

from contextlib import nullcontext

import pytest
from flask import Flask
from sqlalchemy import Column, Integer, create_engine
from sqlalchemy.orm import Session, declarative_base

from flask_realtime import Realtime
from flask_realtime.protocol.pushes import new_push_id
from flask_realtime.registries.redis.registry import RedisRegistry

Base = declarative_base()


class Row(Base):
    """A row that pages of several apps show."""

    __tablename__ = "rows"
    id = Column(Integer, primary_key=True)


@pytest.fixture
def engine():
    engine = create_engine("sqlite://")
    Base.metadata.create_all(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def make_app():
    """A function that returns an app whose pages show rows; it has begun to serve."""
    apps = []

    def make_app(name, serves=True, watches=True, realtime=None, **settings):
        app = Flask(name)
        app.secret_key = "secret"
        app.testing = True
        app.config.update({f"REALTIME_{key}": value for key, value in settings.items()})
        realtime = realtime or Realtime()
        realtime.init_app(app)
        if watches:
            realtime.refresh_on_commit(Row, "rows")
        if serves:
            app.extensions["realtime"].node()
        apps.append(app)
        return app

    yield make_app
    for app in apps:
        app.extensions["realtime"].close()


def add_row(app, engine):
    """Have an app add a row to the database, and commit."""
    with app.app_context(), Session(engine) as session:
        session.add(Row())
        session.commit()


def refreshes(app):
    """How many refreshes stand in the log of the channel."""
    registry = app.extensions["realtime"].node().registry
    return registry.read({"rows": None}, 1)["rows"].tail.seq


def test_commit_refreshes_the_pages_of_each_app_once(engine, make_app):
    """Whichever app commits, those who look at the other one see the change too."""
    public, admin = make_app("public"), make_app("admin")

    add_row(public, engine)

    assert [refreshes(public), refreshes(admin)] == [1, 1]


def test_commit_begins_nothing_in_an_app_that_does_not_serve(engine, make_app):
    """An app that only stands beside, as those of earlier tests do, starts no thread for it."""
    public, beside = make_app("public"), make_app("beside", serves=False)

    add_row(public, engine)

    assert refreshes(public) == 1
    assert not beside.extensions["realtime"].has_node


@pytest.mark.parametrize("registry", [None, "redis", RedisRegistry])
def test_commit_refreshes_the_pages_of_an_app_that_other_processes_serve(
    engine, make_app, redis_url, registry
):
    """A process commits before it has served a request of the other app, whose pages sit in other
    processes."""
    settings = {"REDIS": redis_url, "REGISTRY": registry}
    public = make_app("public", **settings, REDIS_PREFIX=new_push_id())
    admin = {**settings, "REDIS_PREFIX": new_push_id()}
    _here = make_app("admin", serves=False, **admin)

    add_row(public, engine)

    elsewhere = make_app("admin", watches=False, **admin)
    assert [refreshes(public), refreshes(elsewhere)] == [1, 1]


def test_commit_begins_nothing_in_an_app_that_was_closed(engine, make_app, redis_url):
    """An app that stays behind, as those of earlier tests do, opens no connection for it."""
    public, closed = (make_app(name, REDIS=redis_url) for name in ("public", "closed"))
    closed.extensions["realtime"].close()

    add_row(public, engine)

    assert not closed.extensions["realtime"].has_node


class CutOff(BaseException):
    """What interrupts a thread, as a gevent.Timeout does."""


@pytest.mark.parametrize("error", [CutOff, RuntimeError])
def test_commit_whose_first_refresh_fails_refreshes_the_other_apps(engine, make_app, error):
    """One Realtime serves two apps, and the waiting for the registry of the first one fails."""
    shared = Realtime()
    apps = [make_app(name, watches=False, realtime=shared) for name in ("first", "second")]
    shared.refresh_on_commit(Row, "rows")
    other = make_app("other")

    def fail(pushes):
        del registry.publish
        raise error

    registry = apps[0].extensions["realtime"].node().registry
    registry.publish = fail
    expected = pytest.raises(CutOff) if error is CutOff else nullcontext()

    with expected:
        add_row(other, engine)

    assert [refreshes(app) for app in (apps[1], other)] == [1, 1]
