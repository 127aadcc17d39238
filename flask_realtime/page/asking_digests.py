"""The digests of the page that made the current request, whatever the request does to it."""

from __future__ import annotations

from ..flask_contexts import present_request
from ..identity.keys import digest
from .client import SOCKET_IN_ENVIRON, SocketOfMessage, came
from .requesting_page import asking_page
from .secret_keys import secret_keys


def asking_digests() -> list[str]:
    """Return the digests of the page that made this request, or whose message is being handled.

    One by the app's present secret key, and one by each earlier key. An empty list if the request
    names no page, or has no session by which a page could be known. No session is begun.
    """
    socket: SocketOfMessage | None = present_request().environ.get(SOCKET_IN_ENVIRON)
    if socket is not None:
        return [socket.digest]
    named = asking_page(True)
    if named is None:
        return []
    key, identity = came()
    return [] if key is None else [digest(one, key, named, identity) for one in secret_keys()]
