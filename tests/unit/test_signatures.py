"""Whether functions that an app registers can be called as they will be."""

import functools
import inspect
import sys

import flask_login
import pytest
from flask import Flask
from flask_login import current_user, login_required

from flask_realtime import Realtime
from flask_realtime.signatures import check_arguments


@pytest.fixture
def realtime():
    return Realtime()


def test_function_that_takes_other_arguments_is_refused_where_it_is_registered(realtime):
    """A function whose arguments are not those that it will be called with is an error at once,
    and not at the first message, socket or request; the error shows what to write."""

    def of_two(one, two):
        """Take more than any of them is called with."""

    with pytest.raises(
        TypeError, match=r"'of_two' are \(one, two\): write \(data\) in their place"
    ):
        realtime.handler("shout")(of_two)
    for register in (realtime.on_join, realtime.on_leave, realtime.identify):
        with pytest.raises(TypeError, match=r"no arguments, .*: write \(\) in their place"):
            register(of_two)


def test_function_without_parameters_is_no_handler(realtime):
    """A handler is given the message's data, so that a function without parameters is refused."""
    with pytest.raises(TypeError, match=r"one argument, 'data', .*'silent' are \(\)"):

        @realtime.handler("silent")
        def silent():
            """Take nothing."""


def test_user_loader_of_flask_login_does_not_identify(realtime):
    """identify() refuses Flask-Login's user_loader, which takes an id, and current_user, with an
    error that names what it takes."""
    app = Flask(__name__)
    logins = flask_login.LoginManager(app)

    with pytest.raises(TypeError, match="identify calls its function with no arguments"):

        @realtime.identify
        @logins.user_loader
        def load(user_id):
            """Find a user."""

    with pytest.raises(TypeError, match=r"write realtime\.identify\(flask_login\)"):
        realtime.identify(current_user)


def test_wrapper_counts_by_what_it_takes_itself(realtime):
    """A decorator below may give the function inside more than its wrapper is given."""

    def with_database(function):
        @functools.wraps(function)
        def wrapper(*args):
            return function(*args, "database")

        return wrapper

    @realtime.handler("save")
    @login_required
    @with_database
    def save(data, database):
        """Take what the decorator adds."""

    @realtime.on_join
    @with_database
    def joined(database):
        """Take what the decorator adds."""


def test_wrapper_that_looks_like_the_function_inside_passes(realtime):
    """A decorator of wrapt shows the parameters of the function, which it gives more than it is
    given itself."""
    wrapt = pytest.importorskip("wrapt")

    @wrapt.decorator
    def with_database(function, instance, args, kwargs):
        return function(*args, "database", **kwargs)

    @realtime.handler("save")
    @with_database
    def save(data, database):
        """Take what the decorator adds."""


def test_wrapper_that_copies_what_the_function_inside_says_of_itself_passes(realtime):
    """Libraries note in a function which parameters it has, and functools.wraps copies the note."""

    def save(data, database):
        """Take what the decorator adds."""

    save.__signature__ = inspect.signature(save)

    @functools.wraps(save)
    def with_database(data):
        return save(data, "database")

    realtime.handler("save")(with_database)


def test_annotations_are_not_evaluated(realtime):
    """A function may be annotated with names that only type checkers know."""
    namespace = {"realtime": realtime}

    exec("@realtime.handler('typed')\ndef typed(data: 'Nowhere') -> 'Never': pass", namespace)
    if sys.version_info >= (3, 14):
        exec("@realtime.handler('late')\ndef late(data: Nowhere) -> Never: pass", namespace)


def test_function_whose_parameters_are_not_known_passes():
    """What Python knows no parameters of, as of some types that are written in C, is taken."""
    check_arguments(type, ("row",), "refresh_on_commit")
