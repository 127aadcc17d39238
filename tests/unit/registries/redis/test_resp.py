"""Redis's protocol (RESP): commands and replies."""

import pytest

from flask_realtime.registries.redis.resp import INCOMPLETE, ErrorReply, make_reader, pack


@pytest.mark.parametrize(
    "said",
    [
        "READONLY You can't write against a read only replica.",
        "READONLY You can't write against a read only replica. script: on @user_script:7.",
        "ERR Error running script (call to f_0be1): @user_script:90: @user_script: 90: "
        "-READONLY You can't write against a read only replica.",
    ],
)
def test_error_has_one_code_wherever_it_comes_from(said):
    """An error of a command or a script, of Redis 7 or an older one, has the same code."""
    assert ErrorReply(said).code == "READONLY"


def test_error_of_lua_itself_has_no_code_of_redis():
    """An error of Lua itself has the code ERR."""
    said = "ERR Error running script (call to f_0be1): @user_script:9: attempt to index a nil value"

    assert ErrorReply(said).code == "ERR"


def test_commands_are_packed_one_behind_the_other():
    """Texts are sent as UTF-8, numbers in decimal, and bytes unchanged."""
    packed = pack([("SET", "é", 12), (b"GET", b"\xff")])

    assert (
        packed
        == b"*3\r\n$3\r\nSET\r\n$2\r\n\xc3\xa9\r\n$2\r\n12\r\n*2\r\n$3\r\nGET\r\n$1\r\n\xff\r\n"
    )


def test_reader_gives_each_kind_of_reply():
    """Errors are told from texts, also within a list, and binary data stays unchanged."""
    reader = make_reader()
    reader.feed(
        b"+OK\r\n:-3\r\n$2\r\n\xff\r\r\n$-1\r\n*-1\r\n*0\r\n"
        b"*2\r\n-OOM no\r\n$1\r\na\r\n-ERR \xff\r\n"
    )

    replies = list(iter(reader.gets, INCOMPLETE))

    assert replies == [b"OK", -3, b"\xff\r", None, None, [], ["OOM no", b"a"], "ERR \ufffd"]
    assert type(replies[6][0]) is type(replies[7]) is ErrorReply


def test_reader_takes_replies_in_pieces_of_any_size():
    """A reply may arrive in pieces of any size."""
    reader = make_reader()
    sent = b"*2\r\n$5\r\nhello\r\n:1\r\n$0\r\n\r\n"

    replies = []
    for byte in sent:
        reader.feed(bytes([byte]))
        replies += iter(reader.gets, INCOMPLETE)

    assert replies == [[b"hello", 1], b""]


@pytest.mark.parametrize(
    "said, is_of_data",
    [
        ("WRONGTYPE Operation against a key holding the wrong kind of value", True),
        ("WRONGTYPE Operation against … script: on @user_script:9.", True),
        ("ERR user_script:9: attempt to index a nil value script: 0be1, on @user_script:9.", True),
        ("ERR Error running script (call to f_0be1): @user_script:9: user_script:9: nil", True),
        ("ERR Error running script (call to f_0be1): @user_script:9: @user_script: 9: "
         "-OOM command not allowed", False),
        ("ERR unknown command 'EVALSHA'", False),
        ("OOM command not allowed when used memory > 'maxmemory'.", False),
        ("ERR ACL failure in script: User bob has no permissions to run the 'hget' command "
         "script: 0be1, on @user_script:9.", False),
        ("ERR Error running script (call to f_0be1): @user_script:9: @user_script: 9: The user "
         "executing the script can't run this command or subcommand", False),
        ("ERR Unknown command called from script script: 0be1, on @user_script:9.", False),
        ("ERR Error running script (call to f_0be1): @user_script:9: @user_script: 9: Unknown "
         "Redis command called from Lua script", False),
        ("ERR Script attempted to access a non local key in a cluster node script: 0be1, on "
         "@user_script:9.", False),
        ("ERR Script killed by user with SCRIPT KILL. script: 0be1, on @user_script:9.", False),
    ],
)  # fmt: skip
def test_error_tells_whether_the_data_is_to_blame(said, is_of_data):
    """What one key holds is told from what keeps Redis from doing anything."""
    assert ErrorReply(said).is_of_data == is_of_data
