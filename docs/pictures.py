"""Takes the picture of the chat that the README shows: ``python docs/pictures.py``.

Needs the ``test`` extra, a Chromium, and the fonts Inter and Noto Color Emoji.
"""

import base64
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable

from playwright.sync_api import Page, sync_playwright

DOCS = pathlib.Path(__file__).parent
HEIGHT = 560
PEOPLE = {  # width of the window, colours, room
    "Ada": (860, "light", "garden"),
    "Ben": (380, "dark", "garden"),
    "Maya": (380, "light", "garden"),
    "Tom": (380, "light", "food"),
}
SAID = [
    ("Ada", "Good morning! The tomatoes came up overnight 🌱"),
    ("Ben", "Already? Mine still sulk on the sill."),
    ("Ben", "Which ones did you sow?"),
    ("Ada", "Black Krim, and a yellow one whose name I lost."),
    ("Maya", "Lost names taste best 🍅"),
    ("Ada", "Come by on Saturday, there are far too many."),
]
FRAME = """<!doctype html>
<style>
  body { display: flex; gap: 32px; width: max-content; margin: 0; padding: 36px; }
  body { background: #c98d70; }
  figure { margin: 0; border-radius: 12px; overflow: hidden; }
  figcaption { display: flex; align-items: center; gap: 7px; height: 30px; padding: 0 12px; }
  figcaption { background: #ece6dd; }
  figure + figure figcaption { background: #332d29; }
  i { width: 11px; height: 11px; border-radius: 50%; background: #b9aea0; }
  figure + figure i { background: #6b6058; }
  img { display: block; height: HEIGHTpx; }
</style>
<body>FIGURES</body>
""".replace("HEIGHT", str(HEIGHT))


def main() -> None:
    with Server() as url, sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        pages = {}
        for name, (width, scheme, room) in PEOPLE.items():
            context = chromium.new_context(
                viewport={"width": width, "height": HEIGHT},
                color_scheme=scheme,
                locale="en-GB",
                device_scale_factor=1.5,
            )
            pages[name] = enter(context.new_page(), url, name, room)
        say([pages["Tom"]], pages["Tom"], "Soup again.")
        del pages["Tom"]
        for name, text in SAID:
            say(pages.values(), pages[name], text)
        pages["Maya"].type("[name=text]", "Save me a")
        shown = [pages["Ada"], pages["Ben"]]
        for page in shown:
            page.wait_for_function("document.querySelector('.writing').textContent")
            page.wait_for_timeout(400)  # until the last bubble has come to rest
        picture = side_by_side(chromium.new_page(device_scale_factor=1.5), shown)
        (DOCS / "chat.png").write_bytes(picture)
        print(f"docs/chat.png: {len(picture) // 1024} KB")


def enter(page: Page, url: str, name: str, room: str) -> Page:
    page.goto(url)
    page.fill("[name=name]", name)
    page.check(f"[value={room}]")
    page.click("text=Enter")
    page.wait_for_selector("body[data-realtime-state=open]")
    return page


def say(pages: Iterable[Page], speaker: Page, text: str) -> None:
    speaker.fill("[name=text]", text)
    speaker.press("[name=text]", "Enter")
    for page in pages:
        page.wait_for_selector(f"article:last-child p:text-is({text!r})")


def side_by_side(page: Page, pages: list[Page]) -> bytes:
    caption = "<figcaption><i></i><i></i><i></i></figcaption>"
    images = [base64.b64encode(one.screenshot()).decode() for one in pages]
    figures = [
        f"<figure>{caption}<img src='data:image/png;base64,{one}'></figure>" for one in images
    ]
    page.set_content(FRAME.replace("FIGURES", "".join(figures)))
    return page.locator("body").screenshot()


class Server:
    """The chat with an empty database; gives its URL."""

    def __enter__(self) -> str:
        with socket.create_server(("127.0.0.1", 0)) as free:
            address = f"127.0.0.1:{free.getsockname()[1]}"
        self.folder = tempfile.TemporaryDirectory()
        database = f"sqlite:///{self.folder.name}/chat.sqlite"
        folder = DOCS.parent / "examples" / "chat"
        self.process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "-k", "gevent", "-b", address, "app:app"],
            cwd=folder,
            env={**os.environ, "FLASK_SQLALCHEMY_DATABASE_URI": database},
        )
        host, port = address.split(":")
        while True:
            try:
                socket.create_connection((host, int(port))).close()
                return f"http://{address}"
            except ConnectionRefusedError:
                time.sleep(0.1)

    def __exit__(self, *exc_info: object) -> None:
        self.process.terminate()
        self.process.wait()
        self.folder.cleanup()


if __name__ == "__main__":
    main()
