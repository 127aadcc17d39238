"""Makes apps for the tests of the whole extension."""

import flask


def make_app(realtime=None, name="one", **settings):
    """Return an app with one view, and with the extension if *realtime* is given."""
    app = flask.Flask(name)
    app.config.update(SECRET_KEY="a secret of the tests", TESTING=True, REALTIME_REGISTRY="memory")
    app.config.update(settings)
    app.add_url_rule("/", "index", lambda: "<body>")
    if realtime is not None:
        realtime.init_app(app)
    return app
