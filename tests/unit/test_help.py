"""The ``help()`` of the objects that an app uses."""

import inspect

import pytest

from flask_realtime import Publisher, Realtime
from flask_realtime.audiences import Audience
from flask_realtime.sockets import Socket
from flask_realtime.users import User

METHODS = {
    f"{kind.__name__}.{name}": member
    for kind in (Realtime, Socket, User, Publisher, Audience)
    for name, member in inspect.getmembers(kind)
    if not name.startswith("_") and (inspect.isfunction(member) or isinstance(member, property))
}


@pytest.mark.parametrize("name", METHODS)
def test_each_method_says_what_it_does(name):
    """A docstring begins with one line, followed by a blank line."""
    first, *rest = inspect.getdoc(METHODS[name]).split("\n")

    assert first.endswith(".")
    assert rest[:1] in ([], [""])


@pytest.mark.parametrize("name", [one for one in METHODS if callable(METHODS[one])])
def test_each_argument_is_named(name):
    """The docstring describes each argument."""
    text = inspect.getdoc(METHODS[name])
    arguments = [one for one in inspect.signature(METHODS[name]).parameters if one != "self"]

    assert [one for one in arguments if f":param {one}:" not in text] == []
