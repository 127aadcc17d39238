"""What Redis replies."""

import pytest

from flask_realtime.registries.redis.resp import ErrorReply


@pytest.mark.parametrize(
    "said",
    [
        "READONLY You can't write against a read only replica.",
        "READONLY You can't write against a read only replica. script: on @user_script:7.",
        "ERR Error running script (call to f_0be1): @user_script:90: @user_script: 90: "
        "-READONLY You can't write against a read only replica.",
    ],
)
def test_refusal_has_one_code_wherever_it_comes_from(said):
    """As a command, and in a script: of Redis 7, and of those before it."""
    assert ErrorReply(said).code == "READONLY"


def test_error_of_a_script_is_none_of_redis():
    """What fails in Lua itself has no code of its own."""
    said = "ERR Error running script (call to f_0be1): @user_script:9: attempt to index a nil value"

    assert ErrorReply(said).code == "ERR"
