"""The scripts that Redis runs."""

from pathlib import Path

import pytest
import redis

from flask_realtime.registries.redis import scripts
from flask_realtime.registries.redis.scripts import LOADING, Script, size_of, with_text

ALL = {name: one for name, one in vars(scripts).items() if isinstance(one, Script)}
LUA = Path(scripts.__file__).with_name("lua")


def test_every_file_is_a_script_and_every_part_is_used():
    """Each file in the folder of Lua scripts is used."""
    assert {name.lower() for name in ALL} == {path.stem for path in LUA.glob("*.lua")}
    texts = b"".join(script.text for script in ALL.values())
    assert [path.name for path in LUA.glob("parts/*.lua") if path.read_bytes() not in texts] == []


@pytest.mark.parametrize("name", ALL)
def test_redis_compiles_each_script_under_the_digest_that_we_call(name, redis_url):
    """Redis compiles each script, so a typing error is found here and not by an app's first
    call."""
    script = ALL[name]

    with redis.Redis.from_url(redis_url) as client:
        assert client.script_load(script.text) == script.sha
    assert ("SCRIPT", "LOAD", script.text) in LOADING


def test_command_can_be_made_again_with_its_text():
    """Redis has forgotten its scripts. The command can be sent with the script's text."""
    command = scripts.CLAIM(["key"], ["argument"])

    assert command == ("EVALSHA", scripts.CLAIM.sha, 1, "key", "argument")
    assert with_text(command) == ("EVAL", scripts.CLAIM.text, 1, "key", "argument")
    assert with_text(("GET", "key")) == ("GET", "key")


def test_size_of_a_command_is_about_what_is_sent():
    """A number counts as eight bytes, which most numbers do not exceed."""
    assert size_of(("SET", b"key", 17)) == 3 + 3 + 8
