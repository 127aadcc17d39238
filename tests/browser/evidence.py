"""What the report of a failed test says of the pages and servers of the test."""

from __future__ import annotations

from playwright.sync_api import Error

from ..integration.serving import ServerProcess

# How many of the last frames of sockets, and of the last characters of a server's log, are shown.
FRAMES = 10
FRAME_LENGTH = 300
LOG_LENGTH = 4_000
ASK = """() => [
  `${document.title} (${document.readyState})`,
  `<body> with ${JSON.stringify(document.body?.dataset ?? {})}`,
  `realtime: ${window.realtime?.state ?? "none"}, id ${window.realtime?.connectionId ?? "none"}`,
  ...["navigation", "resource", "mark"].flatMap((type) => performance.getEntriesByType(type)).map(
    ({ entryType, initiatorType = "", name, responseStatus = "", type = "", startTime }) =>
      `${startTime.toFixed()} ms: ${entryType} ${initiatorType} ${type} ${responseStatus} ${name}`,
  ),
].join("\\n")"""


def sections(visitors, fixtures):
    """Return titles and texts about the pages of *visitors* and the servers among *fixtures*.

    :param visitors: the visitors of a test in Chromium, before they have left.
    :param fixtures: the values of the test's fixtures.
    """
    servers = [one for one in fixtures if isinstance(one, ServerProcess)]
    return [
        *((f"The page of visitor {number}", tell(one)) for number, one in enumerate(visitors, 1)),
        *((f"The end of the log of {one.url}", one.log()[-LOG_LENGTH:]) for one in servers),
    ]


def tell(visitor):
    """Return a text about a visitor's page: its address, socket, requests, errors and frames."""
    try:
        said = visitor.run(ASK)
    except Error as error:
        said = f"The page does not answer: {error}"
    frames = [frame[:FRAME_LENGTH] for frame in visitor.frames[-FRAMES:]]
    return "\n".join([visitor.page.url, said, f"errors: {visitor.errors}", "frames:", *frames])
