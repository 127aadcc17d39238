"""The examples, run as their READMEs say."""

import pathlib

import pytest

from .browsers import Browser, connection_id
from .serving import ServerProcess

EXAMPLES = pathlib.Path(__file__).parents[2] / "examples"


@pytest.mark.parametrize("workers", [1, 2])
def test_chat_is_heard_in_the_other_window(workers, redis_url, tmp_path):
    """What one says by a form or over the socket, the other reads at once, and finds later."""
    with example("chat", workers, redis_url, tmp_path) as server:
        ada, ben = Browser(server.url), Browser(server.url)
        for browser, name in ((ada, "Ada"), (ben, "Ben")):
            browser.post("/enter", data={"name": name, "room": "lobby"})
        with (
            ben.open(ben.page("/rooms/lobby")) as heard,
            ada.open(ada.page("/rooms/lobby")) as said,
        ):
            ada.post("/rooms/lobby/messages", data={"text": "by a form"})
            status = said.call(
                "/rooms/lobby/messages", method="post", input={"text": "over the socket"}
            )["status"]
            said.ask("writing", room="lobby")

            one, other, writer = heard.payloads(3)

        assert status == 204
        assert "by a form" in one["html"]
        assert "over the socket" in other["html"]
        assert writer == "Ada"
        assert "over the socket" in ben.get("/rooms/lobby").text


@pytest.mark.parametrize("with_redis", [False, True], ids=["thread", "process"])
def test_progress_of_a_job_is_heard_from_its_first_part(with_redis, redis_url, tmp_path):
    """No part is missed, whether the job is a thread or a process of its own."""
    with example("progress", 1, redis_url if with_redis else None, tmp_path) as server:
        browser = Browser(server.url)
        page = connection_id(browser.post("/jobs").text)
        with browser.open(page) as socket:
            parts = socket.payloads(10)

    assert [part["done"] for part in parts] == [number / 100 for number in range(1, 11)]


def example(name, workers, redis_url, tmp_path):
    environ = {"FLASK_SQLALCHEMY_DATABASE_URI": f"sqlite:///{tmp_path}/chat.sqlite"}
    if redis_url is not None:
        environ["FLASK_REALTIME_REDIS"] = redis_url
    folder = EXAMPLES / name
    return ServerProcess("gevent", "app:app", workers=workers, folder=folder, **environ)
