"""An app within a middleware that looks at each request and response."""

from main import app
from werkzeug.middleware.lint import LintMiddleware

app.wsgi_app = LintMiddleware(app.wsgi_app)
