"""The examples are readable: contrast, narrow and flat windows, forced colours."""

import pathlib

import pytest
from playwright.sync_api import expect

from ..integration.serving import ServerProcess, get
from . import chatting, chromium

EXAMPLES = pathlib.Path(__file__).parents[2] / "examples"
NAMES = sorted(path.parent.name for path in EXAMPLES.glob("*/app.py"))
LONG = "https://example.com/" + "an-address-without-a-space" * 4

# Texts and placeholders whose contrast with their background is below 4.5, and controls whose
# border and filling both have a contrast below 3 with their surroundings.
POOR = """() => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgba = (color) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = color;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const light = (color) => {
    const [r, g, b] = rgba(color).slice(0, 3).map((part) => {
      const c = part / 255;
      return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (one, other) => {
    const [dark, bright] = [light(one), light(other)].sort((a, b) => a - b);
    return (bright + 0.05) / (dark + 0.05);
  };
  const behind = (element) => {
    for (; element; element = element.parentElement) {
      const { backgroundColor } = getComputedStyle(element);
      if (rgba(backgroundColor)[3] === 255) return backgroundColor;
    }
    return "Canvas";
  };
  const isShown = (element) => element.checkVisibility({ visibilityProperty: true })
    && getComputedStyle(element).clipPath === "none";
  const poor = [];
  const note = (element, what, ratio, least) => {
    const short = element.outerHTML.slice(0, 80);
    if (ratio < least) poor.push(`${what} of ${short}: ${ratio.toFixed(2)}`);
  };
  for (const element of document.body.querySelectorAll("*")) {
    if (!isShown(element)) continue;
    const style = getComputedStyle(element);
    const hasText = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    if (hasText) note(element, "text", contrast(style.color, behind(element)), 4.5);
    if (element.placeholder && !element.value) {
      const { color, opacity } = getComputedStyle(element, "::placeholder");
      note(element, "placeholder", opacity === "1" ? contrast(color, behind(element)) : 0, 4.5);
    }
    if (element.matches("button, input:not([type=hidden], [type=radio]), .choice")) {
      const outside = behind(element.parentElement);
      const border = parseFloat(style.borderTopWidth) && rgba(style.borderTopColor)[3] === 255
        ? contrast(style.borderTopColor, outside) : 1;
      note(element, "border", Math.max(border, contrast(behind(element), outside)), 3);
    }
  }
  return poor;
}"""

# Elements that reach beyond the side of the window, or of a box that scrolls only downwards.
BESIDE = """() => {
  const found = [];
  const root = document.scrollingElement;
  if (root.scrollWidth > root.clientWidth) found.push(`the page: ${root.scrollWidth} px`);
  for (const element of document.body.querySelectorAll("main, main *, header, footer")) {
    if (!element.checkVisibility() || getComputedStyle(element).clipPath !== "none") continue;
    const { left, right } = element.getBoundingClientRect();
    if (left < -1 || right > innerWidth + 1) found.push(element.outerHTML.slice(0, 80));
  }
  return found;
}"""


@pytest.fixture(scope="module", params=NAMES)
def example(request, tmp_path_factory):
    database = tmp_path_factory.mktemp(request.param) / "rows.sqlite"
    folder = EXAMPLES / request.param
    environ = {"FLASK_SQLALCHEMY_DATABASE_URI": f"sqlite:///{database}"}
    with ServerProcess("gevent", "app:app", folder=folder, **environ) as server:
        get(server.url)
        yield request.param, server


@pytest.fixture(scope="module")
def classic(browser):
    """A browser whose scrollbars take room."""
    classic = browser.browser_type.launch(
        executable_path=chromium.PATH,
        args=["--no-sandbox", "--disable-gpu"],
        ignore_default_args=["--hide-scrollbars"],
    )
    yield classic
    classic.close()


@pytest.fixture
def furnished(example, come):
    """A function that opens an example for somebody, and fills it with content that is hard to lay
    out."""
    name, server = example

    def furnished(**options):
        person = come(server.url, **options)
        if name == "chat":
            chatting.enter(person, "Ada", "garden")
            other = chatting.Speaker(server, "Maximiliane von Hohenlohe-Langenburg", "garden")
            other.say(LONG)
            chatting.Speaker(server, "Ben", "music").say("Listen!")
            person.wait_until_open()
            chatting.say(person, f"see {LONG}")
            person.wait_until_all_read("article:last-child p", [f"see {LONG}"])
        if name == "board":
            person.visit("/")
            person.fill("[name=name]", "Ada")
            person.click("header button")
            person.wait_until_shown("#text")
            person.wait_until_open()
            person.fill("#text", LONG)
            person.click("header button")
            person.wait_until_reads("article p", LONG)
        if name == "progress":
            person.visit("/")
            person.click("form button")
            person.wait_for_count("article", 1)
        return person

    return furnished


def poor(person):
    """Return what is hard to see on a person's page, by the scheme of its colours."""
    found = {}
    for scheme in ("light", "dark"):
        person.page.emulate_media(color_scheme=scheme)
        found[scheme] = person.run(POOR)
    return found


def test_texts_and_controls_have_enough_contrast(furnished):
    """Texts and placeholders have a contrast of 4.5 and controls one of 3, in the light and the
    dark scheme, online and offline."""
    ada = furnished()

    assert poor(ada) == {"light": [], "dark": []}
    ada.go_offline()
    assert poor(ada) == {"light": [], "dark": []}
    ada.forgive("WebSocket connection to", "Failed to load resource: net::")


def test_page_that_asks_for_a_name_has_enough_contrast(example, come):
    """The page that asks for a name has the same contrast."""
    ada = come(example[1].url)
    ada.visit("/", is_open=False)

    assert poor(ada) == {"light": [], "dark": []}


def test_room_stays_in_sight_when_the_window_becomes_narrow(furnished, example):
    """A person turns the phone, or zooms in. The page still shows which room is open."""
    if example[0] != "chat":
        pytest.skip("It has no rooms.")
    ada = furnished(viewport={"width": 1000, "height": 640})

    ada.page.set_viewport_size({"width": 320, "height": 256})

    expect(ada.page.locator("nav [aria-current]")).to_be_in_viewport(ratio=0.9)


def test_small_windows_need_no_scrolling_to_the_side(furnished, example):
    """In a small window, be it narrow, at 400 percent, or a phone on its side, nothing sticks out
    at the side, and the chat shows its messages and its field."""
    ada = furnished()
    for width, height in [(320, 600), (320, 256), (667, 320)]:
        ada.page.set_viewport_size({"width": width, "height": height})
        ada.page.reload()
        ada.wait_until_open()

        assert ada.run(BESIDE) == [], (width, height)
        if example[0] == "chat":
            assert ada.page.locator("main").bounding_box()["height"] > height * 0.45
            expect(ada.page.locator("[name=text]")).to_be_in_viewport(ratio=1)
            expect(ada.page.locator("article").last).to_be_in_viewport()


def test_forced_colours_leave_buttons_their_borders(furnished):
    """The reader's system replaces all background colours. Buttons still have an outline."""
    ada = furnished(forced_colors="active")

    without = ada.run("""() => [...document.querySelectorAll("button, input, article")]
      .filter((one) => one.checkVisibility())
      .filter((one) => ![one, one.querySelector("div")].some((box) =>
        box && getComputedStyle(box).borderTopStyle !== "none"))
      .map((one) => one.outerHTML)""")

    assert without == []


def test_page_does_not_jump_to_the_side_when_it_grows(example, classic):
    """A page grows until it needs a scrollbar. Its content does not move, because room for the
    scrollbar is reserved."""
    name, server = example
    ada = chromium.Visitor(classic, server.url, viewport={"width": 1000, "height": 500})
    if name == "chat":
        chatting.enter(ada, "Ada", "lobby")
        ada.wait_until_open()  # after the style sheet
    else:
        ada.visit("/")

    widths = [
        ada.run(
            """(height) => {
      const box = document.querySelector(".chat main > div, main");
      box.style.minHeight = height;
      return [box.getBoundingClientRect().left, box.getBoundingClientRect().width];
    }""",
            height,
        )
        for height in ("0", "3000px")
    ]
    ada.close()

    assert widths[0] == widths[1]
