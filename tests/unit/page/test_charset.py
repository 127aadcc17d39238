"""Pages into which an ASCII attribute can be written."""

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
    """In these charsets the bytes of a tag are those of ASCII."""
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
    """In these charsets a letter may contain the bytes of a tag, or a tag may have other bytes."""
    assert not keeps_ascii(b"<body>", charset)


@pytest.mark.parametrize("text", ["<body>", "\u623c\u646f\u2079"])
@pytest.mark.parametrize("codec", ["utf-16", "utf-32"])
@pytest.mark.parametrize("charset", ["utf-8", None])
def test_page_that_begins_with_a_mark_of_utf_16_is_left_alone(text, codec, charset):
    """A page begins with the byte order mark of UTF-16, which browsers believe more than the
    header."""
    assert not keeps_ascii(text.encode(codec), charset)


def test_page_that_names_another_charset_in_its_beginning_is_left_alone():
    """No header names a charset, so browsers read it from the page's beginning."""
    page = b'<meta charset="ISO-2022-JP"><body>'

    assert not keeps_ascii(page, None)
    assert keeps_ascii(page, "utf-8")
    assert keeps_ascii(b" " * 2000 + page, None)
