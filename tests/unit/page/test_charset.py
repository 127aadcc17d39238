"""Pages into which an ASCII attribute can be written."""

import pytest

from flask_realtime.page.charset import charset_of, keeps_ascii


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
        "csISO2022JP",
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


@pytest.mark.parametrize("label", [b"ISO-2022-JP", b"csISO2022JP"])
def test_page_that_names_another_charset_in_its_beginning_is_left_alone(label):
    """No header names a charset, so browsers read it from the page's beginning: Chromium from all
    of its head, however long that is."""
    page = b'<head><meta charset="' + label + b'"></head><body>'

    assert not keeps_ascii(page, None)
    assert not keeps_ascii(b" " * 2000 + page, None)
    assert keeps_ascii(page, "utf-8")
    assert keeps_ascii(b" " * 20_000 + page, None)
    assert keeps_ascii(b"<head></head><body>On " + label, None)


@pytest.mark.parametrize(
    "content_type",
    [
        "text/html; charset= utf-16",
        "text/html; charset = utf-16",
        'text/html; charset="utf-16',
        "text/html; charset=utf-16; charset=utf-8",
    ],
)
def test_page_whose_charset_is_written_oddly_is_left_alone(content_type):
    """Browsers read UTF-16 where Werkzeug reads no charset, or another one."""
    assert not keeps_ascii(b"<body>", charset_of(content_type))


@pytest.mark.parametrize(
    ("content_type", "charset"),
    [
        (None, None),
        ("text/html", None),
        ("text/html; charset=utf-8", "utf-8"),
        ('text/html; Charset="UTF-8"; x=y', "UTF-8"),
    ],
)
def test_charset_of_a_content_type(content_type, charset):
    """The usual headers name one charset, or none."""
    assert charset_of(content_type) == charset
