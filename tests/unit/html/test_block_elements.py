"""Which elements of a page show a block."""

import pytest

from flask_realtime.html import block_elements
from flask_realtime.html.block_elements import LONGEST_TAG, BlockElements

from .asking import ask


def has_element_for(page, name):
    return BlockElements(page, [name]).has(name)


def has_unquoted_element_for(page, name):
    return BlockElements(page, [name]).has_unquoted(name)


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


class Counting:
    """A pattern that counts how often it goes through a text."""

    def __init__(self, pattern):
        self.pattern, self.count = pattern, 0

    def finditer(self, text):
        self.count += 1
        return self.pattern.finditer(text)


def test_page_is_read_once_for_blocks_that_are_made_up(client, monkeypatch):
    """A stranger asks a large page for fifty blocks that it lacks; it is gone through once."""
    counting = Counting(block_elements._ATTRIBUTE)
    monkeypatch.setattr(block_elements, "_ATTRIBUTE", counting)

    assert len(ask(client, " ".join(f"made_up_{number}" for number in range(50))).json) == 50
    assert counting.count == 1
