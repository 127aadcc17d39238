"""An app, as the tests of the whole extension see it."""

import flask


def make_app(realtime=None, name="one", **settings):
    """An app of one view, with the extension if *realtime* is given."""
    app = flask.Flask(name)
    app.config.update(SECRET_KEY="a secret of the tests", TESTING=True, REALTIME_REGISTRY="memory")
    app.config.update(settings)
    app.add_url_rule("/", "index", lambda: "<body>")
    if realtime is not None:
        realtime.init_app(app)
    return app
