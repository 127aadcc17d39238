"""Proxies among the variables of a fragment's template."""

import logging
from types import SimpleNamespace

import flask_login
import pytest
from flask import Flask
from jinja2 import DictLoader

from flask_realtime.html.fragments import render
from flask_realtime.html.template_values import held_proxies, resolve


class Ada(flask_login.UserMixin):
    """A visitor who is logged in."""

    id = "ada"


@pytest.fixture
def visit():
    app = Flask(__name__)
    app.secret_key = "secret"
    app.jinja_loader = DictLoader({"bid.html": "{{ bid.user.id }}: {{ bid.amount }}"})
    flask_login.LoginManager(app).user_loader(lambda number: Ada())
    with app.test_request_context("/"):
        flask_login.login_user(Ada())
        yield


@pytest.mark.parametrize("kind", [list, tuple, set, frozenset])
def test_proxy_in_a_list_counts_as_what_it_stands_for(visit, kind):
    """A list of users contains the proxy current_user. The template gets the user object in its
    place."""
    [user] = resolve(kind([flask_login.current_user]))

    assert type(user) is Ada
    assert type(resolve(kind([flask_login.current_user]))) is kind
    assert type(resolve({"who": flask_login.current_user})["who"]) is Ada


@pytest.mark.parametrize("value", [[1, 2], {"a": 1}, "text", None, SimpleNamespace(a=1)])
def test_what_holds_no_proxy_is_the_same_object(visit, value):
    """A value without proxies is passed on as the same object, not a copy."""
    assert resolve(value) is value


def test_row_that_holds_current_user_is_logged(visit, caplog):
    """An attribute of a row is the proxy current_user, which shows an anonymous visitor in a
    fragment. The log says what to do."""
    bid = SimpleNamespace(user=flask_login.current_user, amount=3)

    with caplog.at_level(logging.WARNING):
        html = render("bid.html", None, {"bid": bid})

    assert html == ": 3"
    assert "'bid.html'" in caplog.text
    assert "bid.user" in caplog.text
    assert "_get_current_object()" in caplog.text


def test_rows_in_a_list_are_looked_at_too(visit):
    """The rows in a list are checked too, and the log names each attribute once."""
    bids = [SimpleNamespace(user=flask_login.current_user, amount=n) for n in range(3)]

    assert list(held_proxies({"bids": bids, "by_name": {"a": bids[0]}, "n": 3, "c": Ada})) == [
        "bids.user",
        "by_name.user",
    ]


def test_row_that_holds_the_user_itself_is_shown(visit, caplog):
    """A row that holds the user object is rendered, and nothing is logged."""
    bid = SimpleNamespace(user=flask_login.current_user._get_current_object(), amount=3)

    assert render("bid.html", None, {"bid": bid}) == "ada: 3"
    assert not caplog.records
