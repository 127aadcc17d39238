"""A commit made while blocks are fetched refreshes no page; otherwise an app that writes at each
request would never rest."""

import pytest
from flask import Flask, g, render_template_string
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Column, Integer

from flask_realtime import Realtime

from .asking import ask

HOOKS = {
    "url_value_preprocessor": lambda app, touch: app.url_value_preprocessor(
        lambda endpoint, values: touch()
    ),
    "before_request": lambda app, touch: app.before_request(touch),
    "context_processor": lambda app, touch: app.context_processor(lambda: touch() or {}),
    "after_request": lambda app, touch: app.after_request(lambda response: touch() or response),
    "teardown_request": lambda app, touch: app.teardown_request(lambda error: touch()),
    "teardown_appcontext": lambda app, touch: app.teardown_appcontext(
        lambda error: touch() if "is_visited" in g else None
    ),
}


class Site:
    """An app that records the last visit in its database, in the function that *hook* names."""

    def __init__(self, hook):
        self.app = Flask(__name__)
        self.app.config.update(
            SECRET_KEY="secret", TESTING=True, SQLALCHEMY_DATABASE_URI="sqlite://"
        )
        self.realtime, self.db = Realtime(self.app), SQLAlchemy(self.app)

        class Visitor(self.db.Model):
            id = Column(Integer, primary_key=True)
            visits = Column(Integer)

        self.visitor = Visitor
        HOOKS[hook](self.app, self.touch)
        self.app.add_url_rule("/", "index", self.index)
        with self.app.app_context():
            self.db.create_all()
            self.db.session.add(Visitor(id=1, visits=0))
            self.db.session.commit()
        self.realtime.refresh_on_commit(Visitor, "visits")
        self.registry = self.app.extensions["realtime"].node().registry
        self.start = self.registry.read({"visits": None}, 1)["visits"].tail

    def index(self):
        g.is_visited = True
        return render_template_string("<body>{% block seen %}x{% endblock %}</body>")

    def touch(self):
        self.db.session.get(self.visitor, 1).visits += 1
        self.db.session.commit()

    def refreshes(self):
        return len(self.registry.read({"visits": self.start}, 1000)["visits"].publications)


@pytest.mark.parametrize("hook", HOOKS)
def test_commit_of_a_request_for_blocks_refreshes_nothing(hook):
    """A commit during a request for blocks refreshes nothing, wherever the app makes it; a commit
    during a visit of the page refreshes the pages that show the change."""
    site = Site(hook)
    client = site.app.test_client()

    assert ask(client, "seen").json["seen"]["html"] == "x"
    assert site.refreshes() == 0

    client.get("/")
    assert site.refreshes() == 1
