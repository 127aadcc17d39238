"""The contract of a registry, for those who write one, and its types."""

import builtins
import collections.abc
import inspect
import re
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
TYPES = {
    name: getattr(registries, name)
    for name in registries.__all__
    # The description of settings is not needed to write a registry.
    if inspect.isclass(getattr(registries, name)) and name != "Config"
}
WELL_KNOWN = {*dir(builtins), *dir(typing), *dir(collections.abc)}


@pytest.mark.parametrize("name", METHODS)
def test_each_type_that_a_method_takes_or_returns_can_be_imported(name):
    """Every type in the contract can be imported from ``flask_realtime.registries``."""
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
    """Return all types that a type consists of, with the fields of dataclasses."""
    yield hint
    for argument in typing.get_args(hint):
        for part in argument if isinstance(argument, list) else [argument]:
            yield from parts_of(part)
    for field in getattr(hint, "__dataclass_fields__", {}):
        yield from parts_of(typing.get_type_hints(hint)[field])


@pytest.mark.parametrize("name", [*METHODS, *TYPES])
def test_each_name_that_a_signature_says_can_be_imported(name):
    """Every type that ``help(Registry)`` shows can be imported under that name."""
    said = {word for text in annotations(METHODS.get(name) or TYPES[name]) for word in words(text)}

    assert said - WELL_KNOWN <= set(registries.__all__)


def test_type_that_a_registry_is_made_of_can_be_imported():
    """``REALTIME_REGISTRY`` may name a class, which is called with the app's settings."""
    assert MemoryRegistry.__init__.__annotations__["config"] == "Config"
    assert "Config" in registries.__all__


def annotations(one):
    """Return the annotations of a function, or of a class with its fields and public methods."""
    yield from getattr(one, "__annotations__", {}).values()
    if inspect.isclass(one):
        for name, member in vars(one).items():
            function = getattr(member, "__func__", getattr(member, "fget", member))
            if inspect.isfunction(function) and not name.startswith("_"):
                yield from function.__annotations__.values()


def words(annotation):
    text = annotation if isinstance(annotation, str) else inspect.formatannotation(annotation)
    return re.findall(r"[A-Za-z_]+", text.replace("ForwardRef", "").replace("typing.", ""))


@pytest.mark.parametrize("name", registries.__all__)
def test_name_that_is_exported_is_there(name):
    """``from flask_realtime.registries import *`` works."""
    assert hasattr(registries, name)


@pytest.mark.parametrize("name", METHODS)
def test_each_method_says_what_it_promises(name):
    """``help(flask_realtime.Registry)`` describes each argument."""
    text = inspect.getdoc(METHODS[name])
    arguments = [one for one in inspect.signature(METHODS[name]).parameters if one != "self"]

    assert text
    assert [one for one in arguments if f":param {one}:" not in text] == []


@pytest.mark.parametrize("kind", [MemoryRegistry, RedisRegistry])
@pytest.mark.parametrize("name", METHODS)
def test_each_kind_takes_what_the_contract_says(kind, name):
    """Names and defaults of arguments are those of the contract in each registry."""
    assert parameters(getattr(kind, name)) == parameters(METHODS[name])


def parameters(method):
    return {name: one.default for name, one in inspect.signature(method).parameters.items()}
