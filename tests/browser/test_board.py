"""Two people use examples/board in a browser."""

import json

import pytest
from playwright.sync_api import expect

from ..integration.serving import ServerProcess
from .boards import BOARD, begin

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


def add(person, text):
    person.page.fill("#text", text)
    person.page.click("header button")


def card(person, text, column):
    return person.page.locator(f"#column-{column} article", has_text=text)


def test_card_appears_for_everybody_each_with_their_own_marks(enter):
    """One person adds a card. It appears on both boards without a reload, and only its author's
    board marks it as the viewer's own."""
    ada, ben = enter("Ada"), enter("Ben")

    add(ada, "Water the seeds")

    expect(card(ada, "Water the seeds", "todo")).to_have_class("mine")
    expect(ada.page.locator("#text")).to_have_value("")
    expect(card(ben, "Water the seeds", "todo")).to_be_visible()
    expect(card(ben, "Water the seeds", "todo")).not_to_have_class("mine")
    expect(card(ben, "Water the seeds", "todo")).to_contain_text("Ada")


def test_card_that_is_dragged_moves_for_everybody(enter):
    """A person drags a card to another column. It moves on both boards, and the other person's
    half-written text stays in its field."""
    ada, ben = enter("Ada"), enter("Ben")
    add(ada, "Weed")
    expect(card(ben, "Weed", "todo")).to_be_visible()
    ben.page.fill("#text", "half a thought")

    card(ada, "Weed", "todo").drag_to(ada.page.locator("#column-done"))

    expect(card(ada, "Weed", "done")).to_be_visible()
    expect(card(ben, "Weed", "done")).to_be_visible()
    assert ben.run("document.activeElement.value") == "half a thought"


@pytest.fixture
def add_meanwhile():
    """A function that has one person add a card, and returns when another person's page has
    received the board with it."""

    def add_meanwhile(person, text, other):
        with other.page.expect_response(lambda one: "x-realtime-block" in one.request.headers):
            add(person, text)
        expect(card(person, text, "todo")).to_be_visible()

    return add_meanwhile


def test_card_moves_though_the_board_changes_while_it_is_dragged(enter, add_meanwhile):
    """The board changes while a person drags a card. The change appears after the drop, because a
    browser ends the drag of a card that is replaced."""
    ada, ben = enter("Ada"), enter("Ben")
    add(ada, "Mulch")
    expect(card(ben, "Mulch", "todo")).to_be_visible()
    card(ben, "Mulch", "todo").locator("p").hover()
    ben.page.mouse.down()

    add_meanwhile(ada, "Compost", ben)
    ben.page.locator("#column-done").hover()
    ben.page.locator("#column-done").hover()
    ben.page.mouse.up()

    expect(card(ben, "Mulch", "done")).to_be_visible()
    expect(card(ada, "Mulch", "done")).to_be_visible()
    expect(card(ben, "Compost", "todo")).to_be_visible()


@pytest.mark.parametrize("by", ["mouse", "key"])
def test_button_works_though_the_board_changes_while_it_is_pressed(enter, add_meanwhile, by):
    """The board changes while a person presses a button. The change appears after the click,
    because a browser drops the click on an element that is replaced."""
    ada, ben = enter("Ada"), enter("Ben")
    add(ada, f"Rake by {by}")
    button = card(ben, f"Rake by {by}", "todo").locator("button", has_text="Doing")
    press, release = {
        "mouse": (ben.page.mouse.down, ben.page.mouse.up),
        "key": (lambda: ben.page.keyboard.down(" "), lambda: ben.page.keyboard.up(" ")),
    }[by]
    button.hover()
    button.focus()
    press()

    add_meanwhile(ada, f"Dig by {by}", ben)
    release()

    expect(card(ben, f"Rake by {by}", "doing")).to_be_visible()
    expect(card(ben, f"Dig by {by}", "todo")).to_be_visible()


def test_card_is_moved_by_a_button_too(enter):
    """A person moves a card with its buttons. Somebody who was offline sees the move after coming
    back."""
    ada, ben = enter("Ada"), enter("Ben")
    add(ada, "Harvest")
    expect(card(ben, "Harvest", "todo")).to_be_visible()
    ben.go_offline()

    card(ada, "Harvest", "todo").locator("button", has_text="Doing").click()
    expect(card(ada, "Harvest", "doing")).to_be_visible()
    ben.context.set_offline(False)

    expect(card(ben, "Harvest", "doing")).to_be_visible()
    ben.forgive("WebSocket connection to", "Failed to load resource: net::")


def test_card_that_a_key_moved_keeps_the_focus(enter):
    """A person moves a card with the keyboard. The pressed button is gone, so the card has the
    focus, and a screen reader announces the move."""
    ada = enter("Ada")
    add(ada, "Prune")
    card(ada, "Prune", "todo").locator("button", has_text="Doing").focus()

    ada.page.keyboard.press("Enter")

    expect(card(ada, "Prune", "doing")).to_be_focused()
    expect(ada.page.locator("#told")).to_have_text("Moved to Doing.")


def test_half_written_card_outlives_a_reload(enter):
    """A half-written card is still in its field after a reload; once the card was added, the field
    stays empty."""
    ada = enter("Ada")
    ada.page.type("#text", "Buy tw")

    ada.page.reload()
    expect(ada.page.locator("#text")).to_have_value("Buy tw")
    ada.wait_until_open()
    ada.page.press("#text", "End")
    ada.page.type("#text", "ine")
    ada.page.click("header button")
    expect(card(ada, "Buy twine", "todo")).to_be_visible()
    expect(ada.page.locator("#text")).to_have_value("")
    ada.page.reload()

    expect(ada.page.locator("#text")).to_have_value("")


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
