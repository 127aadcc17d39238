"""People who use examples/board in a browser."""

from __future__ import annotations

import pathlib

from playwright.sync_api import expect

BOARD = pathlib.Path(__file__).parents[2] / "examples" / "board"


def begin(person, name):
    """Log in with a name, and wait until the page of the board is connected. Returns *person*."""
    person.visit("/")
    person.page.fill("[name=name]", name)
    person.page.click("text=Begin")
    # The form's page has an open socket as well, until the board has loaded.
    expect(person.page.locator("#text")).to_be_visible()
    person.wait_until_open()
    return person
