"""Texts that stand for another value, as settings from a shell do."""

from __future__ import annotations

import flask
import pytest

from flask_realtime.config.settings import Config
from flask_realtime.errors import InvalidSetting


def refusal(config):
    with pytest.raises(InvalidSetting) as caught:
        Config.from_mapping(config)
    return str(caught.value)


@pytest.mark.parametrize(
    ("name", "text", "python", "json"),
    [
        ("HISTORY_SIZE", '"25"', "Write 25 without quotes", "write 25."),
        ("HISTORY_SIZE", "1_000", "Write 1000 without quotes", "write 1000."),
        ("PING_INTERVAL_SECONDS", '" 2.5"', "Write 2.5 without quotes", "write 2.5."),
        ("ENABLED", "False", "Write False without quotes", "write false."),
        ("ALLOW_CALLS", "True", "Write True without quotes", "write true."),
        ("STAMP_PAGES", "FALSE", "Write False without quotes", "write false."),
        ("REDIS", "None", "Write None without quotes", "write null."),
        ("ALLOW_CALLS", "['index']", "without quotes around it", "put texts in double quotes."),
        ("REDIS", "{'url': 'redis://:s3cret@h'}", "without quotes around it", "in double quotes."),
        ("ALLOWED_ORIGINS", "https://a.com", "['https://a.com']", 'write ["first", "second"].'),
        ("CALL_HEADERS", "X-A, X-B", "['X-A, X-B']", 'write ["first", "second"].'),
    ],
)
def test_error_says_how_the_value_is_written_in_the_environment(
    monkeypatch, name, text, python, json
):
    """A text that from_prefixed_env() leaves as it is gets an error that says what would be read
    as the value."""
    monkeypatch.setenv(f"FLASK_REALTIME_{name}", text)
    app = flask.Flask(__name__)
    app.config.from_prefixed_env()

    message = refusal(app.config)

    assert f"{python}; in an environment variable, which app.config.from_prefixed_env()" in message
    assert message.endswith(json)
    assert "s3cret" not in message


@pytest.mark.parametrize("text", ["", "None", "25s", "[", "(" * 5000, "[1]", "{'a': 'b'", "-"])
def test_error_suggests_no_value_that_would_be_refused(text):
    """A text that stands for no good value gets no hint about quotes."""
    assert "quotes" not in refusal({"REALTIME_HISTORY_SIZE": text})
