"""Proxies in what a fragment's template is given."""

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
    """An author who passes several users passes current_user among them."""
    [user] = resolve(kind([flask_login.current_user]))

    assert type(user) is Ada
    assert type(resolve(kind([flask_login.current_user]))) is kind
    assert type(resolve({"who": flask_login.current_user})["who"]) is Ada


@pytest.mark.parametrize("value", [[1, 2], {"a": 1}, "text", None, SimpleNamespace(a=1)])
def test_what_holds_no_proxy_is_the_same_object(visit, value):
    """Nothing is copied for nothing."""
    assert resolve(value) is value


def test_row_that_holds_current_user_is_told(visit, caplog):
    """It shows nobody where its author expects who made it; the log says what to do."""
    bid = SimpleNamespace(user=flask_login.current_user, amount=3)

    with caplog.at_level(logging.WARNING):
        html = render("bid.html", None, {"bid": bid})

    assert html == ": 3"
    assert "'bid.html'" in caplog.text
    assert "bid.user" in caplog.text
    assert "_get_current_object()" in caplog.text


def test_rows_in_a_list_are_looked_at_too(visit):
    """Each attribute is named once."""
    bids = [SimpleNamespace(user=flask_login.current_user, amount=n) for n in range(3)]

    assert list(held_proxies({"bids": bids, "by_name": {"a": bids[0]}, "n": 3, "c": Ada})) == [
        "bids.user",
        "by_name.user",
    ]


def test_row_that_holds_the_user_itself_is_shown(visit, caplog):
    """And nothing is told."""
    bid = SimpleNamespace(user=flask_login.current_user._get_current_object(), amount=3)

    assert render("bid.html", None, {"bid": bid}) == "ada: 3"
    assert not caplog.records
