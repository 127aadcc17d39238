"""How values of settings are shown in errors and logs."""

from __future__ import annotations

import dataclasses
import functools
from urllib.parse import urlsplit

import pytest

from flask_realtime.config.redaction import without_passwords
from flask_realtime.config.settings import Config
from flask_realtime.errors import InvalidSetting
from flask_realtime.publisher import Publisher

URL = "redis://me:s3cret@host:6379/0"


@dataclasses.dataclass
class Address:
    """The address of a Redis, as a library for settings may hold it."""

    url: str = URL


SHAPES = [
    [URL],
    (URL,),
    {URL},
    [["host", "s3cret"]],
    ("host", 6379, "s3cret"),
    {"url": [URL]},
    {"default": {"url": URL}},
    {URL: 1},
    URL.encode(),
    bytearray(URL.encode()),
    urlsplit(URL),
    Address(),
]


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("redis://:secret@host:6379/0", "'redis://***@host:6379/0'"),
        ("redis://host/0?password=secret", "'redis://host/0?password=***'"),
        ("redis://host/0?password=a b&db=1", "'redis://host/0?password=***&db=1'"),
        ("redis://host/0?Password=a'b\"c\nd", "'redis://host/0?Password=***'"),
        ("redis://user:secret", "'redis://user:***'"),
        ("redis://:sec\nret", "'redis://:***'"),
        ("redis://u[x:secret", "'redis://u[x:***'"),
        ("rediss://u:se@cr:et@[::1]:6379/0", "'rediss://***@[::1]:6379/0'"),
        ("redis://[::1]/0", "'redis://[::1]/0'"),
        ("redis://[::1]:secret", "'redis://[::1]:***'"),
        ("host:6379:sec:ret", "'host:6379:***'"),
        ("host:sec:ret", "'host:***'"),
        ("host:6379", "'host:6379'"),
        (
            {"url": "redis://:secret@host", "password": "s"},
            "{'url': 'redis://***@host', 'password': '***'}",
        ),
        (["memory", 1, None], "['memory', 1, None]"),
        (("redis://:secret@host",), "('redis://***@host')"),
        (Address("redis://:secret@host"), "<Address>"),
        (Address, repr(Address)),
    ],
)
def test_value_is_shown_without_passwords(value, shown):
    """An error or a log shows a setting's value without a password."""
    assert without_passwords(value) == shown


@pytest.mark.parametrize("value", SHAPES, ids=lambda value: type(value).__name__)
def test_address_of_redis_is_refused_without_its_password(value):
    """An invalid address of any shape is shown without its password; users of Sentinel, for
    example, try a list of URLs first."""
    for make in (lambda: Config.from_mapping({"REALTIME_REDIS": value}), lambda: Publisher(value)):
        with pytest.raises(InvalidSetting, match=r"^(REALTIME_REDIS|redis_url) is ") as caught:
            make()

        assert "s3cret" not in str(caught.value)


def test_list_of_addresses_is_refused_with_the_way_for_sentinel():
    """The error for a list of addresses says how Sentinel is set."""
    with pytest.raises(InvalidSetting, match=r"is <list>, .* Sentinel.*master_for"):
        Config.from_mapping({"REALTIME_REDIS": [URL]})


@pytest.mark.parametrize("name", sorted(one.name for one in Config.documentation()))
@pytest.mark.parametrize(
    "value", [URL, *SHAPES[:2], *SHAPES[7:]], ids=lambda value: type(value).__name__
)
def test_address_under_a_wrong_name_shows_no_password(name, value):
    """An address in the wrong setting is shown without its password, also in the hint."""
    try:
        shown = repr(Config.from_mapping({name: value}))
    except InvalidSetting as error:
        shown = str(error)

    assert "s3cret" not in shown


def test_function_that_holds_the_address_is_shown_without_it():
    """A partial would show its arguments, so a function is shown without them when the config is
    logged."""
    config = Config.from_mapping({"REALTIME_REDIS": functools.partial(print, URL)})

    assert "redis=<partial>" in repr(config)
