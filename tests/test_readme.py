"""The code in the README, and in the documents that it leads to, runs as it stands there."""

from __future__ import annotations

import pathlib
import re
import textwrap

import flask
import pytest
from flask_login import LoginManager
from jinja2 import DictLoader

from flask_realtime import Realtime
from flask_realtime.config.settings import Config

from .eventually import DEADLINE
from .integration.browsers import Browser
from .integration.serving import ServerProcess

ROOT = pathlib.Path(__file__).parents[1]
README = (ROOT / "README.rst").read_text()
#: The documents that the README leads to, for what is too much detail there.
DETAILS = ("pages.rst", "fragments-and-blocks.rst", "client.rst")
PRINTED = "\n".join([README, *((ROOT / "docs" / name).read_text() for name in DETAILS)])


def code_blocks(language):
    pattern = rf"^\.\. code-block:: {language}\n\n((?:    .*\n|\n)+)"
    return [textwrap.dedent(block) for block in re.findall(pattern, PRINTED, re.MULTILINE)]


FIRST, *FRAGMENTS = code_blocks("python")


@pytest.mark.parametrize("code", FRAGMENTS, ids=range(len(FRAGMENTS)))
def test_fragment_runs_in_an_app(code, redis_url):
    """Every further code block works in an app that has the lines of the first one."""
    app = flask.Flask(__name__)
    app.config.update(SECRET_KEY="a secret of the tests", TESTING=True, LOGIN_DISABLED=True)
    LoginManager(app).user_loader(lambda user_id: None)
    app.jinja_loader = DictLoader(
        {"room.html": "<body>{% block messages %}{{ messages }}{% endblock %}"}
    )
    names = {**vars(flask), "app": app, "realtime": Realtime(app), "Message": Message}

    exec(compile(code.replace("redis://localhost:6379/0", redis_url), "README.rst", "exec"), names)

    if "create_app" in names:
        app = names["create_app"]()
    assert [status for status in answers(app) if status >= 400] == []


class Message:
    """A stand-in for the app's database model, which the README does not show."""

    @staticmethod
    def in_room(room):
        return [room]


def answers(app):
    """Yield the status of each view that the code block has added to *app*."""
    client = app.test_client()
    for rule in app.url_map.iter_rules():
        if rule.endpoint in app.view_functions and "realtime" not in rule.endpoint:
            path = re.sub(r"<(?:int:)?\w+>", "1", rule.rule)
            method = "POST" if "POST" in rule.methods else "GET"
            if rule.endpoint != "static":
                yield client.open(path, method=method).status_code


def test_first_example_pushes_to_the_page(tmp_path):
    """The first code block is a whole app, which pushes what is posted to it to an open page."""
    (tmp_path / "readme_app.py").write_text(FIRST)
    with ServerProcess("dev", app="readme_app", folder=tmp_path) as server:
        browser = Browser(server.url)
        page = browser.page("/")
        with browser.open(page) as socket:
            browser.post("/", data={"text": "hello"})

            assert socket.push()["channel"] == "news"


# What an app with Flask-Login has besides the README's code.
LOG_IN = """
from flask import abort, render_template
from flask_login import LoginManager, UserMixin, login_user
from jinja2 import DictLoader

app.jinja_loader = DictLoader({"room.html": "<body>"})
LoginManager(app).user_loader(lambda name: User(name))

class User(UserMixin):
    def __init__(self, name):
        self.id = name

@app.get("/rooms/<room>")
@realtime.subscribes("room:{room}")
def show_room(room):
    return "<body>"

@app.post("/log-in/<name>")
def log_in(name):
    login_user(User(name))
    return "", 204

@app.post("/push/<channel>")
def push(channel):
    realtime.push("hi", channel)
    return "", 204
"""
GUARDED = """
@realtime.handler("guarded")
@login_required
def guarded(data):
    return "", 204

@app.get("/other-order")
@realtime.subscribes("room:1")
@login_required
def other_order():
    return "<body>"
"""


@pytest.fixture(scope="module")
def logging_in(tmp_path_factory):
    """The README's code with Flask-Login, in an app that is served."""
    [block] = [code for code in FRAGMENTS if "login_required" in code]
    folder = tmp_path_factory.mktemp("login")
    (folder / "login_app.py").write_text("\n".join([FIRST, LOG_IN, block, GUARDED]))
    with ServerProcess("dev", app="login_app", folder=folder) as server:
        yield server


def test_user_hears_their_own_channel_and_a_stranger_is_refused(logging_in):
    """A function without arguments names the channel of the logged-in user; a visitor who is not
    logged in is refused."""
    stranger, ada = Browser(logging_in.url), Browser(logging_in.url)
    ada.post("/log-in/ada")

    assert stranger.http.get(f"{logging_in.url}/inbox").status_code == 401
    with ada.open(ada.page("/inbox")) as socket:
        ada.post("/push/inbox:ben")
        ada.post("/push/inbox:ada")
        assert socket.push()["channel"] == "inbox:ada"


def test_handler_refuses_who_is_no_member(logging_in):
    """Only members of a room reach it by a handler, whichever page they use."""
    statuses = {}
    for name in ("ada", "eve", None):
        browser = Browser(logging_in.url)
        if name:
            browser.post(f"/log-in/{name}")
        with browser.open(browser.page("/rooms/1")) as socket:
            typing = socket.ask("typing", data={"room": "1"})["status"]
            statuses[name] = typing, socket.ask("guarded", data=None)["status"]

    assert statuses == {"ada": (204, 204), "eve": (403, 204), None: (403, 401)}


@pytest.mark.parametrize(("name", "heard"), [(None, "room:2"), ("ada", "room:1")])
def test_stranger_is_subscribed_to_nothing_in_either_order(logging_in, name, heard):
    """@realtime.subscribes above or below @login_required subscribes no visitor who is not logged
    in."""
    browser = Browser(logging_in.url)
    if name:
        browser.post(f"/log-in/{name}")
    page = browser.page("/rooms/2")
    with browser.open(page) as socket:
        headers = {"X-Realtime-Connection-Id": page}
        browser.http.get(f"{logging_in.url}/other-order", headers=headers, timeout=DEADLINE)
        browser.post("/push/room:1")
        browser.post("/push/room:2")

        assert socket.push()["channel"] == heard


def test_table_lists_every_setting():
    """The table of settings has every setting with the default, the unit and the text of the
    code."""
    table = README.partition(".. settings\n\n")[2].partition("\n\n.. end of settings")[0]

    assert table == settings_table()


def settings_table():
    lines = [".. list-table::", "   :header-rows: 1", "", "   * - setting", "     - default"]
    lines += ["     - what it is"]
    for one in Config.documentation():
        unit = f", {one.unit}" if one.unit else ""
        lines += [f"   * - ``{one.name}``", f"     - ``{one.default}``{unit}"]
        lines += [f"     - {one.doc}"]
    return "\n".join(lines)


PAGES = ["README.rst", *sorted(f"docs/{path.name}" for path in (ROOT / "docs").glob("*.rst"))]


@pytest.mark.parametrize("page", PAGES)
def test_page_leads_to_files_that_are_there(page):
    """Each picture and each relative link of a page leads to a file."""
    path = ROOT / page
    paths = re.findall(r"(?:image:: |:target: |<)([\w./-]+)(?:\n|>`_)", path.read_text())

    assert [one for one in paths if not (path.parent / one).exists()] == []
