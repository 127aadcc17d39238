"""Which elements of a page show a block."""

import pytest

from flask_realtime.html.block_elements import (
    LONGEST_TAG,
    has_element_for,
    has_unquoted_element_for,
)


@pytest.mark.parametrize(
    "page", ['<p data-realtime-block="line">', "<p data-realtime-block = 'line' class=a>"]
)
def test_element_is_found_by_its_quoted_attribute(page):
    """An element shows a block by an attribute in quotes of either kind."""
    assert has_element_for(page, "line")
    assert not has_unquoted_element_for(page, "line")
    assert not has_element_for(page, "lin")


@pytest.mark.parametrize(
    "page",
    [
        "<p data-realtime-block=line>",
        "<br><ul\n  data-realtime-block = line\n  id=a></ul>",
        "<p hidden class='a b' title=\"data > all\" href=/a/b/ x-y:z=1 data-realtime-block=line/>",
        "<p>1 < 2</p><P Hidden data-realtime-block=line >",
    ],
)
def test_attribute_without_quotes_is_found(page):
    """Browsers take an attribute without quotes as well."""
    assert has_unquoted_element_for(page, "line")
    assert not has_element_for(page, "line")
    assert not has_unquoted_element_for(page, "lin")


@pytest.mark.parametrize(
    "page",
    [
        "data-realtime-block=line ",
        "<p>data-realtime-block=line </p>",
        "<p> data-realtime-block=line </p>",
        '<input title="the data-realtime-block=line ">',
        "<input title='the data-realtime-block=line '>",
        "<input title=data-realtime-block=line >",
        "<!-- data-realtime-block=line -->",
        "<p data-realtime-block=line-up>",
    ],
)
def test_what_a_visitor_has_entered_is_no_element(page):
    """A text that looks like the attribute stands in the page, or within another attribute."""
    assert not has_unquoted_element_for(page, "line")


def test_page_full_of_what_looks_like_the_attribute_is_read_soon():
    """A visitor enters the attribute ever so often, in a tag of any length. The search ends."""
    text = "data-realtime-block=line " * 4000

    assert not has_unquoted_element_for(f"<p>{text}", "line")
    assert not has_unquoted_element_for(f'<p title="{text}">', "line")
    assert not has_unquoted_element_for("<p " + "a=/b/c " * LONGEST_TAG + text, "line")
    assert not has_unquoted_element_for("<p a=/b/c=" * 900 + text, "line")
