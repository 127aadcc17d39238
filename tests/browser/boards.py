"""People who use examples/board in a browser."""

from __future__ import annotations

import pathlib

BOARD = pathlib.Path(__file__).parents[2] / "examples" / "board"
FIND = """([text, column, kind]) =>
  Array.from(document.querySelectorAll(`#column-${column} article`)).find((one) =>
    one.textContent.includes(text) && one.matches(kind))"""


def begin(person, name):
    """Log in with a name, and wait until the page of the board is connected. Returns *person*."""
    person.visit("/")
    person.fill("[name=name]", name)
    person.click("header button")
    # The form's page has an open socket as well, until the board has loaded.
    person.wait_until_shown("#text")
    person.wait_until_open()
    return person


def add(person, text):
    """Add a card by the form of the page."""
    person.fill("#text", text)
    person.click("header button")


def shows(person, text, column="todo", kind="*"):
    """Wait until a column of a person's board shows a card with *text*, and return its selector.

    :param kind: a selector that the card has to fit.
    """
    person.wait_for(f"given => ({FIND})(given)?.checkVisibility()", [text, column, kind])
    return "#" + person.run(f"given => ({FIND})(given).id", [text, column, kind])
