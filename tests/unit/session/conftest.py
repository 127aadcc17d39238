"""Fixtures for requests of one app."""

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
    """A function that requests a view and returns the response.

    The request's session has a socket key, and what is given as *stored*.
    """
    client = granting.test_client()

    def visit(view, has_session=True, method="GET", headers=None, **stored):
        granting.add_url_rule("/", "view", view, methods=["GET", "POST"])
        if has_session:
            with client.session_transaction() as opened:
                opened.update(socket_key=KEY, **stored)
        return client.open("/", method=method, headers=headers)

    return visit
