"""The settings: valid values, refused values, and the errors."""

from __future__ import annotations

import dataclasses

import flask
import pytest

from flask_realtime.config.settings import Config
from flask_realtime.errors import InvalidSetting

SECONDS = [s.name for s in Config.documentation() if s.name.endswith("_SECONDS")]
WHOLE_NUMBERS = [s.name for s in Config.documentation() if s.type.startswith("int")]


def refusal(**mapping):
    with pytest.raises(InvalidSetting) as caught:
        Config.from_mapping(mapping)
    # Errors below may be about a password, so no traceback may show one.
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    return str(caught.value)


def test_config_has_the_documented_defaults():
    """The defaults are those of the documentation."""
    config = Config.from_mapping({})

    assert dataclasses.asdict(config) == {
        "enabled": True,
        "path": "/",
        "url_prefix": "/_realtime",
        "stamp_pages": True,
        "registry": None,
        "redis": None,
        "redis_prefix": "realtime",
        "redis_timeout_seconds": 2,
        "allowed_origins": (),
        "history_size": 1000,
        "history_bytes": 16 * 1024 * 1024,
        "history_ttl_seconds": 300,
        "connect_timeout_seconds": 60,
        "disconnect_timeout_seconds": 86_400,
        "ping_interval_seconds": 25,
        "max_message_bytes": 256 * 1024,
        "max_reply_bytes": 4 * 1024 * 1024,
        "max_messages_per_second": 100,
        "max_pending_messages": 32,
        "max_backlog_bytes": 1024 * 1024,
        "stall_seconds": 30,
        "max_channels_per_page": 200,
        "max_connections": None,
        "max_connections_per_session": 64,
        "max_socket_age_seconds": 86_400,
        "drain_seconds": 3,
        "allow_calls": None,
        "call_headers": (),
        "environ_keys": (),
    }


def test_config_accepts_each_of_its_own_defaults():
    """A default that is written out is accepted."""
    default = Config()

    written = {f"REALTIME_{f.name.upper()}": f.default for f in dataclasses.fields(Config)}

    assert Config.from_mapping(written) == default


def test_config_reads_the_app_config_and_leaves_other_keys_alone():
    """Only keys that begin with REALTIME_ are read."""
    app = flask.Flask(__name__)
    app.config.update(REALTIME_HISTORY_SIZE=7, SECRET_KEY="x", REAL=1)

    assert Config.from_mapping(app.config).history_size == 7


def test_config_is_frozen():
    """A setting cannot be changed after it was read."""
    config = Config()

    with pytest.raises(dataclasses.FrozenInstanceError):
        config.path = "/other"


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("REALTIME_PING_INTERVAL", "REALTIME_PING_INTERVAL_SECONDS"),
        ("REALTIME_REDIS_URL", "REALTIME_REDIS"),
        ("REALTIME_STAMP_PAGE", "REALTIME_STAMP_PAGES"),
        ("REALTIME_path", "REALTIME_PATH"),
        ("REALTIME_PING", "REALTIME_PING_INTERVAL_SECONDS"),
        ("REALTIME_DISCONNECT", "REALTIME_DISCONNECT_TIMEOUT_SECONDS"),
    ],
)
def test_config_offers_the_nearest_name_for_an_unknown_setting(wrong, right):
    """A misspelt setting is refused, and the error suggests the nearest name."""
    assert refusal(**{wrong: 1}) == (
        f"{wrong} is not a setting of flask_realtime; did you mean {right}?"
    )


def test_config_lists_all_settings_where_no_name_is_near():
    """A setting without a similar name is refused with a list of all settings."""
    message = refusal(REALTIME_XYZZY=1)

    assert all(setting.name in message for setting in Config.documentation())


@pytest.mark.parametrize("name", WHOLE_NUMBERS)
@pytest.mark.parametrize("value", [0, -1, 1.0, True, "25", b"25", [], float("nan"), 2**53 + 1])
def test_config_refuses_what_is_no_count(name, value):
    """Counts and bytes are whole numbers of at least one, and no bools."""
    message = refusal(**{name: value})

    assert message.startswith(f"{name} is {value!r}, but a whole number of at least 1")


@pytest.mark.parametrize("name", SECONDS)
@pytest.mark.parametrize(
    "value", [-1, True, "25", None, float("inf"), float("nan"), 10**400, 10**9]
)
def test_config_refuses_what_is_no_duration(name, value):
    """Seconds are finite numbers within limits; only the age of a socket may be unlimited."""
    if value is None and name == "REALTIME_MAX_SOCKET_AGE_SECONDS":
        assert Config.from_mapping({name: None}).max_socket_age_seconds is None
        return
    assert refusal(**{name: value}).startswith(f"{name} is ")


@pytest.mark.parametrize("name", SECONDS)
@pytest.mark.parametrize("value", [1, 1.5, 60])
def test_config_takes_seconds_whole_or_not(name, value):
    """A duration may be half a second."""
    config = Config.from_mapping({name: value})

    assert getattr(config, name.removeprefix("REALTIME_").lower()) == value


def test_config_takes_what_flask_reads_from_the_environment(monkeypatch):
    """app.config.from_prefixed_env() gives valid settings."""
    monkeypatch.setenv("FLASK_REALTIME_HISTORY_SIZE", "25")
    monkeypatch.setenv("FLASK_REALTIME_STAMP_PAGES", "false")
    monkeypatch.setenv("FLASK_REALTIME_ALLOWED_ORIGINS", '["https://example.com"]')
    app = flask.Flask(__name__)
    app.config.from_prefixed_env()

    config = Config.from_mapping(app.config)

    assert (config.history_size, config.stamp_pages) == (25, False)
    assert config.allowed_origins == ("https://example.com",)


@pytest.mark.parametrize("name", ["REALTIME_MAX_CONNECTIONS", "REALTIME_MAX_MESSAGES_PER_SECOND"])
def test_config_takes_none_for_no_limit(name):
    """None leaves two limits to the server, or turns them off."""
    config = Config.from_mapping({name: None})

    assert getattr(config, name.removeprefix("REALTIME_").lower()) is None


@pytest.mark.parametrize("name", ["REALTIME_ENABLED", "REALTIME_STAMP_PAGES"])
@pytest.mark.parametrize("value", [0, 1, "false", None])
def test_config_refuses_what_only_looks_like_a_bool(name, value):
    """The text "false" counts as true in Python, so only real bools are accepted."""
    assert "or False is expected" in refusal(**{name: value})


@pytest.mark.parametrize("value", ["/", "/live", "/a/b-c/", "/live.socket"])
def test_config_takes_paths(value):
    """A path begins with a slash."""
    assert Config.from_mapping({"REALTIME_PATH": value}).path == value


@pytest.mark.parametrize(
    "value", ["", "live", None, "//x", "/<room>", "/a?b", "/a#b", "/a b", "/ä"]
)
def test_config_refuses_paths_that_no_script_could_open(value):
    """A path begins with a slash, and has no variables and no query."""
    assert refusal(REALTIME_PATH=value).startswith(f"REALTIME_PATH is {value!r}, but a path")


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("https://example.com", "https://example.com"),
        ("HTTPS://Example.COM/", "https://example.com"),
        ("https://example.com:443", "https://example.com"),
        ("http://example.com:8000", "http://example.com:8000"),
        ("http://[::1]:5000", "http://[::1]:5000"),
        ("capacitor://localhost", "capacitor://localhost"),
    ],
)
def test_config_keeps_origins_as_browsers_write_them(given, kept):
    """An origin is kept in lower case, without a last slash and without the scheme's default
    port."""
    assert Config.from_mapping({"REALTIME_ALLOWED_ORIGINS": [given]}).allowed_origins == (kept,)


@pytest.mark.parametrize(
    ("value", "hint"),
    [
        ("https://example.com", "Put it in a list: ['https://example.com']"),
        (["https://example.com/app"], "no path"),
        (["example.com"], "scheme"),
        (["*"], "any site call routes"),
        (["null"], "is not an origin"),
        (["wss://example.com"], "name the page's"),
        (["https://bücher.example"], "xn--"),
        (["https://example.com:99999"], "is not an origin"),
        ([None], "is not a string"),
        (None, "a list of origins"),
        ({"https://example.com": 1}, "a list of origins"),
    ],
)
def test_config_refuses_what_no_browser_sends_as_origin(value, hint):
    """An origin that never matches, or would match every site, is refused with a hint."""
    assert hint in refusal(REALTIME_ALLOWED_ORIGINS=value)


def test_config_documents_every_setting():
    """Each setting has a type, a default and a sentence; each number has a unit."""
    table = {setting.name: setting for setting in Config.documentation()}

    assert len(table) == len(dataclasses.fields(Config))
    assert all(setting.doc.endswith(".") and setting.type for setting in table.values())
    assert all(s.unit for s in table.values() if s.type.startswith(("int", "float")))
    assert table["REALTIME_HISTORY_BYTES"].default == "16,777,216"


def test_config_refuses_a_limit_below_what_every_page_sends():
    """A socket's first message must fit, or no socket would stay open."""
    message = refusal(REALTIME_MAX_MESSAGE_BYTES=1023)

    assert message.endswith("is 1023, but a whole number of at least 1,024 is expected.")
