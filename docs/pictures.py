"""Takes the pictures of the examples that the README shows: ``python docs/pictures.py``.

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
from typing import Literal

from playwright.sync_api import Browser, Page, sync_playwright

DOCS = pathlib.Path(__file__).parent
HEIGHT = 560
PEOPLE: dict[
    str, tuple[int, Literal["light", "dark"], str]
] = {  # width of the window, colours, room
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


CARDS = [  # who adds it, what it says, where it goes
    ("Ada", "Sow the late carrots", "todo"),
    ("Ben", "Mend the water butt", "todo"),
    ("Ada", "Weed between the beans", "doing"),
    ("Ben", "Order straw for the strawberries", "doing"),
    ("Ada", "Pot on the tomatoes", "done"),
]


def main() -> None:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        for name, take in (("chat", take_chat), ("board", take_board)):
            with Server(name) as url:
                pages = take(chromium, url)
                picture = side_by_side(chromium.new_page(device_scale_factor=1.5), pages)
            (DOCS / f"{name}.png").write_bytes(picture)
            print(f"docs/{name}.png: {len(picture) // 1024} KB")


def take_chat(chromium: Browser, url: str) -> list[Page]:
    pages = {
        name: enter(window(chromium, width, scheme), url, name, room)
        for name, (width, scheme, room) in PEOPLE.items()
    }
    say([pages["Tom"]], pages["Tom"], "Soup again.")
    del pages["Tom"]
    for name, text in SAID:
        say(pages.values(), pages[name], text)
    pages["Maya"].type("[name=text]", "Save me a")
    shown = [pages["Ada"], pages["Ben"]]
    for page in shown:
        page.wait_for_function("document.querySelector('.writing').textContent")
        page.wait_for_timeout(400)  # until the last bubble has come to rest
    return shown


def take_board(chromium: Browser, url: str) -> list[Page]:
    pages = {"Ada": window(chromium, 860, "light"), "Ben": window(chromium, 380, "dark")}
    for name, page in pages.items():
        page.goto(url)
        page.fill("[name=name]", name)
        page.click("text=Begin")
        page.wait_for_selector("body[data-realtime-state=open] #text")
    for name, text, column in reversed(CARDS):
        page = pages[name]
        page.fill("#text", text)
        page.click("header button")
        card = page.locator("article", has_text=text)
        if column != "todo":
            card.locator(f"button[value={column}]").click()
        for other in pages.values():
            other.wait_for_selector(f"#column-{column} article p:text-is({text!r})")
    return list(pages.values())


def window(chromium: Browser, width: int, scheme: Literal["light", "dark"]) -> Page:
    context = chromium.new_context(
        viewport={"width": width, "height": HEIGHT},
        color_scheme=scheme,
        locale="en-GB",
        device_scale_factor=1.5,
    )
    return context.new_page()


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
    """An example with an empty database; gives its URL."""

    def __init__(self, example: str) -> None:
        self.example = example

    def __enter__(self) -> str:
        with socket.create_server(("127.0.0.1", 0)) as free:
            address = f"127.0.0.1:{free.getsockname()[1]}"
        self.folder = tempfile.TemporaryDirectory()
        database = f"sqlite:///{self.folder.name}/rows.sqlite"
        folder = DOCS.parent / "examples" / self.example
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
