"""The errors that flask_realtime raises."""

import copy
import multiprocessing
import pickle

import pytest

import flask_realtime
from flask_realtime import errors
from flask_realtime.errors import (
    CloseCode,
    InvalidMessage,
    NobodyListens,
    NotSubscribed,
    RealtimeError,
    RegistryUnavailable,
    TooManyChannels,
    UnknownAction,
)
from tests.eventually import DEADLINE

WITH_VALUES = [
    InvalidMessage("A message must be JSON.", 7),
    UnknownAction("shuot", ["ping", "shout"]),
    NotSubscribed("d" * 64, "room:1"),
    NobodyListens(),
    RegistryUnavailable("Redis is away.", "a push id", ["room:1"]),
    TooManyChannels(199, 200),
]


def every_error(root=RealtimeError):
    yield root
    for kind in root.__subclasses__():
        yield from every_error(kind)


def public_errors():
    return {kind for kind in every_error() if kind.__module__ == errors.__name__}


PLAIN = [
    kind("A sentence.")
    for kind in every_error()
    if kind not in {type(error) for error in WITH_VALUES}
]


@pytest.mark.parametrize("error", [*WITH_VALUES, *PLAIN], ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("again", [copy.copy, lambda error: pickle.loads(pickle.dumps(error))])
def test_error_is_the_same_in_another_process(error, again):
    """An error's type, text and values survive pickling, and so do attributes that others have
    added."""
    error.added = "a note of the app's"

    made = again(error)

    assert type(made) is type(error)
    assert str(made) == str(error)
    assert made.args == error.args
    assert vars(made) == vars(error)


def raise_one(index):
    raise WITH_VALUES[index]


def test_pool_hands_on_each_error():
    """A worker of multiprocessing raises one of our errors. The caller gets it, and does not wait
    for ever."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        for index, error in enumerate(WITH_VALUES):
            with pytest.raises(type(error)) as raised:
                pool.map_async(raise_one, [index]).get(timeout=DEADLINE)
            assert str(raised.value) == str(error)


def test_each_public_error_is_exported():
    """Every error can be imported from the package. Kinds of them that stand elsewhere are for the
    package's own code, or Werkzeug's: an app catches one by the name of its base."""
    assert {kind.__name__ for kind in public_errors()} <= set(flask_realtime.__all__)


def test_docstring_of_the_module_lists_each_error():
    """The tree in the module's docstring is complete."""
    for kind in public_errors():
        assert f":class:`{kind.__name__}`" in errors.__doc__


@pytest.mark.parametrize("code", CloseCode)
def test_close_code_is_written_as_its_number(code):
    """A close code is written as its number in every Python version, because processes send it to
    each other as text."""
    assert str(code) == f"{code}" == str(code.value)
