"""Two people use examples/board in a browser."""

import json

import pytest
from playwright.sync_api import expect

from ..integration.serving import ServerProcess
from .boards import BOARD, add, begin, shows

pytestmark = pytest.mark.shares_tabs


@pytest.fixture(scope="module")
def board(redis_url, tmp_path_factory):
    folder = tmp_path_factory.mktemp("board")
    environ = {
        "FLASK_REALTIME_REDIS": redis_url,
        "FLASK_REALTIME_REDIS_PREFIX": json.dumps("board"),
        "FLASK_SQLALCHEMY_DATABASE_URI": f"sqlite:///{folder}/board.sqlite",
    }
    with ServerProcess("gevent", "app:app", workers=2, folder=BOARD, **environ) as server:
        yield server


@pytest.fixture
def enter(come, board):
    """A function that opens the board for a person who logs in with a name."""
    return lambda name: begin(come(board.url), name)


def test_card_appears_for_everybody_each_with_their_own_marks(enter):
    """One person adds a card. It appears on both boards without a reload, and only its author's
    board marks it as the viewer's own."""
    ada, ben = enter("Ada"), enter("Ben")

    add(ada, "Water the seeds")

    shows(ada, "Water the seeds", kind="[class=mine]")
    ada.wait_for_value("#text", "")
    seen = shows(ben, "Water the seeds", kind=":not(.mine)")
    assert "Ada" in ben.text(seen)


def test_card_that_is_dragged_moves_for_everybody(enter):
    """A person drags a card to another column. It moves on both boards, and the other person's
    half-written text stays in its field."""
    ada, ben = enter("Ada"), enter("Ben")
    add(ada, "Weed")
    shows(ben, "Weed")
    ben.fill("#text", "half a thought")

    drag(ada, f"{shows(ada, 'Weed')} p")
    drop(ada, "#column-done")

    shows(ada, "Weed", "done")
    shows(ben, "Weed", "done")
    assert ben.run("document.activeElement.value") == "half a thought"


def drag(person, selector):
    person.hover(selector)
    person.page.mouse.down()


def drop(person, selector):
    # A browser begins to drag with the first movement.
    person.hover(selector)
    person.hover(selector)
    person.page.mouse.up()


@pytest.fixture
def add_meanwhile():
    """A function that has one person add a card, and returns when another person's page has
    received the board with it."""

    def add_meanwhile(person, text, other):
        with other.page.expect_response(lambda one: "x-realtime-block" in one.request.headers):
            add(person, text)
        shows(person, text)

    return add_meanwhile


def test_card_moves_though_the_board_changes_while_it_is_dragged(enter, add_meanwhile):
    """The board changes while a person drags a card. The change appears after the drop, because a
    browser ends the drag of a card that is replaced."""
    ada, ben = enter("Ada"), enter("Ben")
    add(ada, "Mulch")
    drag(ben, f"{shows(ben, 'Mulch')} p")

    add_meanwhile(ada, "Compost", ben)
    drop(ben, "#column-done")

    shows(ben, "Mulch", "done")
    shows(ada, "Mulch", "done")
    shows(ben, "Compost")


@pytest.mark.parametrize("by", ["mouse", "key"])
def test_button_works_though_the_board_changes_while_it_is_pressed(enter, add_meanwhile, by):
    """The board changes while a person presses a button. The change appears after the click,
    because a browser drops the click on an element that is replaced."""
    ada, ben = enter("Ada"), enter("Ben")
    add(ada, f"Rake by {by}")
    button = f"{shows(ben, f'Rake by {by}')}-doing"
    press, release = {
        "mouse": (ben.page.mouse.down, ben.page.mouse.up),
        "key": (lambda: ben.page.keyboard.down(" "), lambda: ben.page.keyboard.up(" ")),
    }[by]
    ben.hover(button)
    ben.focus(button)
    press()

    add_meanwhile(ada, f"Dig by {by}", ben)
    release()

    shows(ben, f"Rake by {by}", "doing")
    shows(ben, f"Dig by {by}")


def test_card_is_moved_by_a_button_too(enter):
    """A person moves a card with its buttons. Somebody who was offline sees the move after coming
    back."""
    ada, ben = enter("Ada"), enter("Ben")
    add(ada, "Harvest")
    shows(ben, "Harvest")
    ben.go_offline()

    ada.click(f"{shows(ada, 'Harvest')}-doing")
    shows(ada, "Harvest", "doing")
    ben.context.set_offline(False)

    shows(ben, "Harvest", "doing")
    ben.forgive("WebSocket connection to", "Failed to load resource: net::")


def test_card_that_a_key_moved_keeps_the_focus(enter):
    """A person moves a card with the keyboard. The pressed button is gone, so the card has the
    focus, and a screen reader announces the move."""
    ada = enter("Ada")
    add(ada, "Prune")

    ada.press(f"{shows(ada, 'Prune')}-doing", "Enter")

    shows(ada, "Prune", "doing", kind=":focus")
    ada.wait_until_reads("#told", "Moved to Doing.")


def test_half_written_card_outlives_a_reload(enter):
    """A half-written card is still in its field after a reload; once the card was added, the field
    stays empty."""
    ada = enter("Ada")
    ada.type("#text", "Buy tw")

    ada.page.reload()
    ada.wait_for_value("#text", "Buy tw")
    ada.wait_until_open()
    ada.type("#text", "ine")
    ada.click("header button")
    shows(ada, "Buy twine")
    ada.wait_for_value("#text", "")
    ada.page.reload()
    ada.wait_until_open()

    assert ada.value("#text") == ""


def test_form_of_a_page_whose_session_is_gone_is_answered_in_words(come, board):
    """A person whose session has expired submits a form, and gets a new page with an explanation
    instead of "Bad Request"."""
    ada = come(board.url, java_script_enabled=False)
    ada.visit("/", is_open=False)
    ada.context.clear_cookies()

    ada.page.fill("[name=name]", "Ada")
    ada.page.click("text=Begin")

    expect(ada.page.locator(".notice")).to_contain_text("Please try again")
    ada.page.fill("[name=name]", "Ada")
    ada.page.click("text=Begin")
    expect(ada.page.locator("#text")).to_be_visible()
