"""An app takes a channel's name from a request: the name is never read as a pattern."""

from tests.integration.browsers import Browser


def test_room_called_like_a_pattern_reaches_no_other_room(serve):
    """``POST /rooms/*/messages`` does not push to every room: there is no such room."""
    server = serve("rooms:app")
    member, stranger = Browser(server.url), Browser(server.url)

    with member.open(member.page("/rooms/secret")) as socket:
        statuses = [
            stranger.http.post(
                f"{server.url}/rooms/{name}/messages", data={"text": name}
            ).status_code
            for name in ("*", "**", "secr*", "*t", "%2A")
        ]
        stranger.post("/rooms/secret/messages", data={"text": "last"})

        assert statuses == [404] * 5
        assert socket.payloads(1) == ["last"]
