"""People who use examples/board in a browser."""

from __future__ import annotations

import pathlib

from playwright.sync_api import expect

BOARD = pathlib.Path(__file__).parents[2] / "examples" / "board"


def begin(person, name):
    """Have *person*, who has no page yet, give a name and come to the board.

    :returns: the person, whose page is connected.
    """
    person.visit("/")
    person.page.fill("[name=name]", name)
    person.page.click("text=Begin")
    # The page before is open as well while its form is answered.
    expect(person.page.locator("#text")).to_be_visible()
    person.wait_until_open()
    return person
