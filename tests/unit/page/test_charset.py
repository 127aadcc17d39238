"""Which pages can be added to as ASCII."""

import pytest

from flask_realtime.page.charset import keeps_ascii


@pytest.mark.parametrize(
    "charset",
    [
        "utf-8",
        "UTF-8",
        "us-ascii",
        "latin-1",
        "windows-1252",
        "koi8-r",
        "Shift_JIS",
        "GB18030",
        None,
    ],
)
def test_page_of_a_charset_that_keeps_ascii_can_be_added_to(charset):
    """Tags are the same bytes in all of these."""
    assert keeps_ascii("<body>größer".encode(), charset)


@pytest.mark.parametrize(
    "charset",
    [
        "utf-16",
        "UTF-16LE",
        "utf-32",
        "utf-7",
        "iso-2022-jp",
        "ISO_2022_KR",
        "hz",
        "cp037",
        "rot13",
        "base64",
        "x-unknown",
        "\x00",
    ],
)
def test_page_of_another_charset_is_left_alone(charset):
    """In these a letter may consist of the bytes of a tag, or a tag of other bytes."""
    assert not keeps_ascii(b"<body>", charset)


@pytest.mark.parametrize("text", ["<body>", "\u623c\u646f\u2079"])
@pytest.mark.parametrize("codec", ["utf-16", "utf-32"])
@pytest.mark.parametrize("charset", ["utf-8", None])
def test_page_that_begins_with_a_mark_of_utf_16_is_left_alone(text, codec, charset):
    """Browsers believe the mark more than the header."""
    assert not keeps_ascii(text.encode(codec), charset)


def test_page_that_says_itself_that_it_switches_is_left_alone():
    """Where no header names a charset, browsers look for one in the page's beginning."""
    page = b'<meta charset="ISO-2022-JP"><body>'

    assert not keeps_ascii(page, None)
    assert keeps_ascii(page, "utf-8")
    assert keeps_ascii(b" " * 2000 + page, None)
