"""Servers that are forked off a process that has imported packages already."""

import pytest

from .serving import ServerProcess, get

APP = """
import sys
{}
from flask import Flask
app = Flask(__name__)

@app.get("/")
def index():
    return " ".join(sorted({{"flask_login", "sqlalchemy", "wtforms"}} & set(sys.modules)))
"""


@pytest.mark.parametrize(
    ("kind", "line", "imported"),
    [("gevent", "import flask_sqlalchemy", "sqlalchemy"), ("gevent", "", ""), ("dev", "", "")],
    ids=["used", "none", "none on threads"],
)
def test_forked_server_has_no_library_that_its_app_does_not_use(tmp_path, kind, line, imported):
    """What flask_realtime heeds only where an app has imported it is in no other app's server."""
    (tmp_path / "chosen.py").write_text(APP.format(line))

    with ServerProcess(kind, "chosen:app", folder=tmp_path) as server:
        assert get(server.url) == imported
