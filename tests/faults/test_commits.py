"""A database commits while Redis is away: pushes behind its commits are sent when Redis is back."""

import pytest

from tests.eventually import DEADLINE
from tests.integration.browsers import Browser

from .scene import Scene

NUMBERS = [1, 2, 3]


@pytest.fixture(scope="module", params=["gevent", "gthread"])
def scene(request):
    with Scene(request.param) as scene:
        yield scene


def commit(scene, channel, number):
    url = f"{scene.server.url}/commit/{channel}/{number}"
    return Browser(scene.server.url).http.post(url, timeout=DEADLINE)


def heard_until(socket, last):
    """Return the payloads that a socket gets up to *last*, and the number of refreshes."""
    payloads, refreshes = [], 0
    while last not in payloads:
        push = socket.push()
        payloads += [push["payload"]] if "payload" in push else []
        refreshes += "refresh" in push
    return payloads, refreshes


@pytest.mark.parametrize("fault", ["cut", "freeze"])
def test_commits_are_told_in_order_and_once_when_redis_is_back(scene, fault):
    """The views succeed, since the database has committed. No push is lost, and none comes twice,
    even if Redis had accepted it when the link broke."""
    channel = scene.channel()
    with scene.listen(channel) as socket:
        assert commit(scene, channel, 0).text == "1"
        assert heard_until(socket, 0)[0] == [0]
        scene.tunnel.freeze()
        if fault == "cut":
            scene.tunnel.cut()

        answers = [commit(scene, channel, number) for number in NUMBERS]
        scene.tunnel.thaw()
        payloads, _ = heard_until(socket, NUMBERS[-1])
        answers.append(commit(scene, channel, 4))
        following, refreshes = heard_until(socket, 4)

        assert [(one.status_code, one.text) for one in answers] == [
            (200, "2"), (200, "3"), (200, "4"), (200, "5"),
        ]  # fmt: skip
        assert payloads == NUMBERS
        assert following == [4]
        assert refreshes >= 1
        socket.settle()
        assert [one for one in socket.kept if "payload" in one] == []
