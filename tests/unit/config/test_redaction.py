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
    """The address of a Redis, as an app's own library of settings may hold it."""

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
    """An error or a log names a setting's value, and never a password in it."""
    assert without_passwords(value) == shown


@pytest.mark.parametrize("value", SHAPES, ids=lambda value: type(value).__name__)
def test_address_of_redis_is_refused_without_its_password(value):
    """Whatever shape it has: users of Sentinel try a list of URLs first."""
    for make in (lambda: Config.from_mapping({"REALTIME_REDIS": value}), lambda: Publisher(value)):
        with pytest.raises(InvalidSetting, match="REALTIME_REDIS is ") as caught:
            make()

        assert "s3cret" not in str(caught.value)


def test_list_of_addresses_is_told_of_the_way_for_sentinel():
    """The error says what to do."""
    with pytest.raises(InvalidSetting, match=r"is <list>, .* Sentinel.*master_for"):
        Config.from_mapping({"REALTIME_REDIS": [URL]})


@pytest.mark.parametrize("name", sorted(one.name for one in Config.documentation()))
@pytest.mark.parametrize(
    "value", [URL, *SHAPES[:2], *SHAPES[7:]], ids=lambda value: type(value).__name__
)
def test_address_under_a_wrong_name_shows_no_password(name, value):
    """A line of the settings may have slipped; hints do not quote the password either."""
    try:
        shown = repr(Config.from_mapping({name: value}))
    except InvalidSetting as error:
        shown = str(error)

    assert "s3cret" not in shown


def test_function_that_holds_the_address_is_shown_without_it():
    """A config may be logged, and a partial says all that it is called with."""
    config = Config.from_mapping({"REALTIME_REDIS": functools.partial(print, URL)})

    assert "redis=<partial>" in repr(config)
