"""Finds the body tag of a page."""

import pytest

from flask_realtime.page.body_tag import find_body_tag


def place(html):
    """Return the part of the page before the end of the tag's name, or None if there is no tag."""
    found = find_body_tag(html)
    return html[: found.name_end] if found else None


@pytest.mark.parametrize(
    "before",
    [
        b"",
        b"<!doctype html><html><head><title>A page</title></head>",
        b"<!-- <body> -->",
        b"<!-->",
        b"<script>const text = '<body>';</script>",
        b"<style>/* <body> */</style>",
        b"<title><body></title>",
        b"<noscript><body></noscript>",
        b"<template><body></template>",
        b"<textarea><body></textarea>",
        b'<html lang="<body>">',
        b"<html title='<body>'>",
        b"<bodyguard>",
        b"<SCRIPT><body></Script >",
    ],
)
@pytest.mark.parametrize("tag", [b"<body", b"<BODY"])
def test_body_tag_is_the_one_that_a_browser_sees(before, tag):
    """Texts like <body> in comments, scripts, other raw text and attribute values are skipped."""
    assert place(before + tag + b' class="a > b">Hello') == before + tag


@pytest.mark.parametrize(
    "html",
    [
        b"",
        b"Hello",
        b"<p>no body</p>",
        b"<!-- <body>",
        b"<script><body>",
        b"<body",
        b'<body class="',
        b"&lt;body>",
    ],
)
def test_page_without_a_whole_body_tag_has_none(html):
    """A page without a <body> tag, or one that ends within it, has none."""
    assert find_body_tag(html) is None


@pytest.mark.parametrize(
    ("attributes", "is_stamped"),
    [
        (b'data-socket-connection-id="x"', True),
        (b"class=a DATA-SOCKET-CONNECTION-ID", True),
        (b"data-socket-connection-id-of-another='x'", False),
        (b'title=" data-socket-connection-id "', False),
        (b"class=a", False),
    ],
)
def test_body_tag_tells_whether_it_has_a_connection_id(attributes, is_stamped):
    """Only an attribute of that very name counts, not one in a value."""
    assert find_body_tag(b"<body " + attributes + b">").is_stamped is is_stamped


def test_body_tag_is_found_in_time_in_proportion_to_the_page():
    """A page with many beginnings of tags takes no longer than any page of its length."""
    # Time that grows with the square of the length would take minutes here.
    assert find_body_tag(b"<script x='" * 200_000 + b"<body") is None
    assert find_body_tag(b"<!--" * 500_000 + b"<body>") is None
