"""What others build on: the contract of a registry, and the types that it is made of."""

import inspect
import typing

import pytest

import flask_realtime
from flask_realtime import registries
from flask_realtime.registries.memory.registry import MemoryRegistry
from flask_realtime.registries.redis.registry import RedisRegistry

METHODS = {
    name: method
    for name, method in inspect.getmembers(flask_realtime.Registry, inspect.isfunction)
    if not name.startswith("_")
}


@pytest.mark.parametrize("name", METHODS)
def test_each_type_that_a_method_takes_or_returns_can_be_imported(name):
    """A registry of somebody else's needs nothing but ``flask_realtime.registries``."""
    module = inspect.getmodule(METHODS[name])
    hints = typing.get_type_hints(METHODS[name], vars(module))

    ours = {
        part.__name__
        for hint in hints.values()
        for part in parts_of(hint)
        if getattr(part, "__module__", "").startswith("flask_realtime")
    }

    assert ours <= set(registries.__all__)


def parts_of(hint):
    """All that a type is made of, the fields of dataclasses too."""
    yield hint
    for argument in typing.get_args(hint):
        for part in argument if isinstance(argument, list) else [argument]:
            yield from parts_of(part)
    for field in getattr(hint, "__dataclass_fields__", {}):
        yield from parts_of(typing.get_type_hints(hint)[field])


@pytest.mark.parametrize("name", registries.__all__)
def test_name_that_is_exported_is_there(name):
    """``from flask_realtime.registries import *`` works."""
    assert hasattr(registries, name)


@pytest.mark.parametrize("name", METHODS)
def test_each_method_says_what_it_promises(name):
    """``help(flask_realtime.Registry)`` names each argument."""
    text = inspect.getdoc(METHODS[name])
    arguments = [one for one in inspect.signature(METHODS[name]).parameters if one != "self"]

    assert text
    assert [one for one in arguments if f":param {one}:" not in text] == []


@pytest.mark.parametrize("kind", [MemoryRegistry, RedisRegistry])
@pytest.mark.parametrize("name", METHODS)
def test_each_kind_takes_what_the_contract_says(kind, name):
    """Names and defaults of arguments are the same everywhere."""
    assert parameters(getattr(kind, name)) == parameters(METHODS[name])


def parameters(method):
    return {name: one.default for name, one in inspect.signature(method).parameters.items()}
