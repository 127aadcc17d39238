"""The changes that a push can make to a page's HTML."""

import inspect

import pytest

from flask_realtime.html.fragments import literal
from flask_realtime.page_changes import Changes, PageChanges

VERBS = ("append", "prepend", "before", "after", "replace", "update")


@pytest.fixture
def changes():
    return Changes(literal)


def test_changes_are_collected_in_order(changes):
    """Each method adds one change of its own name."""
    for verb in VERBS:
        getattr(changes, verb)("#a", html="x")
    changes.remove("#a")
    changes.reload()

    assert [one.action for one in changes.fragments] == [*VERBS, "remove", "reload"]


@pytest.mark.parametrize("verb", VERBS)
def test_help_of_a_change_names_each_argument(verb):
    """``help(realtime.to("room:1").append)`` describes each argument itself."""
    method = getattr(PageChanges, verb)
    names = [one for one in inspect.signature(method).parameters if one != "self"]

    assert [one for one in names if f":param {one}:" not in inspect.getdoc(method)] == []


def test_change_after_the_end_is_an_error(changes):
    """A change after the with block would not be sent, so it is an error."""
    changes.has_ended = True

    with pytest.raises(RuntimeError, match=r"remove was called after .* realtime\.to\(…\)\.remove"):
        changes.remove("#a")


def test_what_is_no_change_is_an_error_that_says_where_to_call_it(changes):
    """push() or refresh() in a with block is an error, since each is a message of its own."""
    with pytest.raises(AttributeError, match=r"realtime\.to\(…\)\.push\(…\) outside"):
        changes.push("hi")
    with pytest.raises(AttributeError, match=r"realtime\.to\(…\)\.refresh\(…\) outside"):
        changes.refresh()
