"""The scripts and pages that the README and its documents print work in a browser."""

import re
import textwrap

import pytest
import requests
from playwright.sync_api import expect

from tests.eventually import DEADLINE

from ..integration.serving import ServerProcess
from ..test_readme import FIRST, PRINTED

pytestmark = pytest.mark.shares_tabs

FAVICON = "Failed to load resource: the server responded with a status of 404"
# The routes that the README's scripts call, and pages with the HTML that it prints.
APP = """
@app.route("/rooms/<room>/messages", methods=["GET", "POST"])
@realtime.allow_calls
def messages(room):
    return f"<p>before {request.args['before']}</p>" if request.method == "GET" else ("", 204)

@app.post("/rooms/<room>/leave")
def leave(room):
    return realtime.socket.connection_id

@realtime.handler("shout")
def shout(data):
    return {"text": data["text"].upper()}

@realtime.handler("typing")
def typing(data):
    return "", 204

@app.get("/page/<name>")
def page(name):
    realtime.socket.subscribe("news", "room:1")
    return render_template_string(PAGES[name])

@app.post("/push/<channel>")
def push(channel):
    realtime.push("hi", channel)
    return "", 204
"""


def blocks(language):
    pattern = rf"^\.\. code-block:: {language}\n\n((?:    .*\n|\n)+)"
    return [textwrap.dedent(block) for block in re.findall(pattern, PRINTED, re.MULTILINE)]


def block_with(language, text):
    [block] = [block for block in blocks(language) if text in block]
    return block


@pytest.fixture(scope="module")
def readme(tmp_path_factory):
    pages = {
        "ours": '<body>{{ realtime_script() }}<div id="earlier"></div>'
        + block_with("html", "<form"),
        "plain": "<body>" + block_with("html", "new WebSocket"),
    }
    folder = tmp_path_factory.mktemp("readme")
    (folder / "readme_app.py").write_text(f"{FIRST}\nPAGES = {pages!r}\n{APP}")
    with ServerProcess("dev", app="readme_app", folder=folder) as server:
        yield server


@pytest.fixture
def ada(come, readme):
    """A person on a page with the client; the list ``said`` holds what the console shows."""
    person = come(readme.url)
    person.said = []
    person.page.on("console", lambda message: person.said.append(message.text))
    yield person
    person.forgive(FAVICON)


def push(server, channel):
    requests.post(f"{server.url}/push/{channel}", timeout=DEADLINE)


def run(person, script):
    """Run a script of the README as a module of the page."""
    person.run(f"async () => {{ {script} }}")


def test_what_is_posted_to_the_first_example_is_shown(ada, readme):
    """The first example, saved, run and posted to as the README says, shows the posted text in an
    open page."""
    ada.visit("/")
    requests.post(readme.url, data={"text": "hello"}, timeout=DEADLINE)

    ada.wait_for("() => document.querySelector('ul').textContent === 'hello · '")


def test_calls_and_messages_are_answered(ada):
    """The scripts that call a route and send to a handler print the answers."""
    ada.visit("/page/ours")

    run(ada, block_with("javascript", "reply.status"))
    run(ada, block_with("javascript", '"shout"'))

    ada.wait_until(lambda: "HI" in ada.said)
    assert any(text.startswith("204 ") for text in ada.said)


def test_listeners_hear_and_the_loss_of_messages_is_caught_up(ada, readme):
    """Both listeners of the third script receive a push. When messages are lost, the listener of
    ``realtime:lost`` fetches again, and no page reloads."""
    ada.visit("/page/ours")
    ada.run("""() => Object.assign(window, { noted: [], show: (text) => noted.push(text),
      count: (channel) => noted.push(channel), refetch: (channels) => noted.push(...channels) })""")
    run(ada, block_with("javascript", "const end"))
    run(ada, block_with("javascript", "realtime:lost"))

    push(readme, "room:1")
    ada.wait_for("() => noted.join() === 'hi,room:1'")
    was_prevented = ada.run("""() => !document.dispatchEvent(
      new CustomEvent("realtime:lost", { detail: { channels: ["room:2"] }, cancelable: true }))""")

    assert was_prevented
    assert ada.run("noted") == ["hi", "room:1", "room:2"]


def test_form_and_link_go_over_the_socket(ada):
    """The link's answer appears in its target, and the script empties the form after its answer."""
    ada.visit("/page/ours")
    ada.run(
        "() => document.forms[0].append(Object.assign(document.createElement('input'),"
        " { name: 'text', value: '' }))"
    )
    run(ada, block_with("javascript", "form.reset()"))

    ada.page.fill("[name=text]", "hello")
    ada.page.press("[name=text]", "Enter")
    expect(ada.page.locator("[name=text]")).to_have_value("")
    ada.page.click("text=earlier")

    expect(ada.page.locator("#earlier p")).to_have_text("before 17")
    assert ada.page.url.endswith("/page/ours")


def test_page_listens_without_our_client(ada, readme):
    """The few printed lines receive pushes without the client library."""
    ada.visit("/page/plain", is_open=False)

    push(readme, "news")

    ada.wait_until(lambda: any("payload" in text for text in ada.said))


# An app with Flask-WTF, whose page has the README's script and a form of its own.
PROTECTED = """
from flask_wtf import CSRFProtect, FlaskForm
from wtforms import StringField

CSRFProtect(app)

class Message(FlaskForm):
    text = StringField()

@app.get("/rooms/1")
@realtime.subscribes("room:1")
def show_room():
    return render_template_string(PAGE, form=Message())

@app.post("/rooms/1/messages")
@realtime.allow_calls
def write():
    way = "socket" if realtime.is_socket_request else "HTTP"
    realtime.push(f"{request.form['text']} by {way}", "room:1")
    return "", 204
"""
PROTECTED_PAGE = """<link rel="icon" href="data:,"><body>{{ realtime_script() }}<ul></ul>
<form method="post" action="/rooms/1/messages" data-realtime>
  {{ form.hidden_tag() }} {{ form.text() }} <button>Send</button>
</form>
<script type="module">
  realtime.on("room:1", (text) => document.querySelector("ul").append(text, "."));
</script>
"""


def test_calls_and_forms_pass_csrf_protection(come, tmp_path):
    """Under ``CSRFProtect`` the printed call arrives over the socket, as does a form with the
    fields of ``hidden_tag()``."""
    page = PROTECTED_PAGE + block_with(r"html\+jinja", "X-CSRFToken")
    (tmp_path / "protected_app.py").write_text(f"{FIRST}\nPAGE = {page!r}\n{PROTECTED}")
    with ServerProcess("dev", app="protected_app", folder=tmp_path) as server:
        ada = come(server.url)
        ada.visit("/rooms/1")
        expect(ada.page.locator("ul")).to_have_text("hi by socket.")

        ada.page.fill("[name=text]", "hello")
        ada.page.click("button")

        expect(ada.page.locator("ul")).to_have_text("hi by socket.hello by socket.")
        ada.close()
