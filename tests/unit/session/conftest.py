"""Requests of one app, and the process in which they are served."""

import pytest

from flask_realtime.session.grants import Grants

from .pages import KEY, make_app


@pytest.fixture
def grants(process):
    return Grants(lambda: process)


@pytest.fixture
def granting(process, grants):
    """An app whose requests are settled."""
    return make_app(process, grants)


@pytest.fixture
def ask(granting):
    """The answer to a request of a view; its session has a socket key, and *stored*."""
    client = granting.test_client()

    def visit(view, has_session=True, method="GET", headers=None, **stored):
        granting.add_url_rule("/", "view", view, methods=["GET", "POST"])
        if has_session:
            with client.session_transaction() as opened:
                opened.update(socket_key=KEY, **stored)
        return client.open("/", method=method, headers=headers)

    return visit
