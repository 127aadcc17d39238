"""The recipes of docs/recipes.rst, as they are printed, with the real libraries from npm."""

import json
import pathlib
import re
import textwrap

import pytest
import requests

from tests.eventually import DEADLINE

from ..integration.serving import ServerProcess
from .apps.libraries import MODULES

RECIPES = (pathlib.Path(__file__).parents[2] / "docs" / "recipes.rst").read_text()
LIBRARIES = ["htmx2", "htmx4", "turbo", "unpoly", "alpine"]
# The printed address of a library leads to this version, in the folder that npm has made.
FOLDERS = {"htmx.org@4": "htmx4"}

# What the test adds to the recipes' app.
PUSH = """
@app.post("/push/<channel>")
def push(channel):
    realtime.push(request.get_data(as_text=True), channel)
    return "", 204

@app.post("/begin-anew")
def begin_anew():
    items[:] = ["Bread"]
    return "", 204
"""

pytestmark = pytest.mark.skipif(
    not (MODULES / "htmx4").exists(), reason="'make tests/js/node_modules' was not run"
)


def blocks(language):
    pattern = rf"^\.\. code-block:: {language}\n\n((?:    .*\n|\n)+)"
    return [textwrap.dedent(block) for block in re.findall(pattern, RECIPES, re.MULTILINE)]


@pytest.fixture(scope="module")
def recipes(tmp_path_factory):
    """The app of the recipes."""
    folder = tmp_path_factory.mktemp("recipes")
    [app], [item, *pages] = blocks("python"), blocks("html")
    app = app.replace('subscribes("items"', 'subscribes("items", "streams", "cards"') + PUSH
    (folder / "templates").mkdir()
    (folder / "app.py").write_text(app)
    for name, page in zip(["_item", *LIBRARIES], [item, *pages], strict=True):
        # The browser asks for an icon, which no recipe has, and reports its absence.
        page = page.replace("<title>", '<link rel="icon" href="data:,"><title>')
        (folder / "templates" / f"{name}.html").write_text(page)
    with ServerProcess("gevent", "app:app", folder=folder) as server:
        yield server


@pytest.fixture
def shopping(recipes):
    """The app of the recipes, with the shopping list that it begins with."""
    requests.post(f"{recipes.url}/begin-anew", timeout=DEADLINE)
    return recipes


@pytest.fixture
def open_page(come, shopping):
    """A function that opens the page of a library for a person."""

    def open_page(library):
        person = come(shopping.url)
        person.context.route("https://unpkg.com/**", give_from_npm)
        person.visit(f"/{library}")
        person.run("window.same = true")
        return person

    return open_page


def give_from_npm(route):
    package, version, path = re.fullmatch(
        r"https://unpkg.com/(@?[^@]+)@([\d.]+)/(.+)", route.request.url
    ).groups()
    folder = MODULES / FOLDERS.get(f"{package}@{version[0]}", package)
    assert json.loads((folder / "package.json").read_text())["version"] == version
    route.fulfill(path=folder / path)


def buy(person, item):
    person.fill("[name=item]", item)
    person.click("form button")


@pytest.mark.parametrize("library", LIBRARIES)
def test_list_is_the_same_for_everybody_who_writes_on_it(open_page, library):
    """Two people add items. Both pages show each item once and in order, without a reload, and
    receive later items too."""
    ada, ben = open_page(library), open_page(library)

    bought = ["Bread"]
    for person, item in ((ada, "Milk"), (ben, "Eggs"), (ada, "Salt")):
        buy(person, item)
        bought.append(item)
        for other in (ada, ben):
            other.wait_until_all_read("li", bought)

    assert [person.run("window.same") for person in (ada, ben)] == [True, True]


STREAM = """<turbo-stream action="append" target="items"><template><li>x</li></template>
</turbo-stream>"""


@pytest.mark.parametrize(
    ("library", "channel", "html"),
    [("turbo", "streams", STREAM), ("unpoly", "cards", "<li>x</li>")],
    ids=["turbo", "unpoly"],
)
def test_library_inserts_what_is_pushed_to_it(open_page, shopping, library, channel, html):
    """The printed line for a library makes that library insert a pushed message."""
    [line] = [block for block in blocks("javascript") if f'"{channel}"' in block]
    ada = open_page(library)
    ada.run(f"() => {{ {line} }}")

    requests.post(f"{shopping.url}/push/{channel}", data=html, timeout=DEADLINE)

    ada.wait_until_all_read("#items li", ["Bread", "x"])
