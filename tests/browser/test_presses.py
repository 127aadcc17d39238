"""Presses of people who do something else meanwhile, while the server changes the page."""

import pytest

from .kinds import not_in

pytestmark = pytest.mark.shares_tabs

BUTTON = "<div id=here><button onclick='window.clicks = (window.clicks ?? 0) + 1'>go</button></div>"
# A press whose end the page is not told would be over after a minute, and that of a key after 10 s.
WITHOUT_END = """() => {
    const set = setTimeout;
    window.setTimeout = (run, ms, ...rest) =>
        [10_000, 60_000].includes(ms) ? 0 : set(run, ms, ...rest);
}"""


def change(person, how="update"):
    """Have the server replace what is pressed, and wait until the browser has heard of it."""
    heard = len(person.frames)
    person.run("(how) => realtime.fetch(`/?how=${how}`, { method: 'POST' })", how)
    person.wait_until(lambda: any('"entries"' in frame for frame in person.frames[heard:]))


def answer(person):
    """Have the page send a form whose answer is shown in a list, and wait for the answer."""
    person.run(
        """() => new Promise((resolve) => {
            document.addEventListener("realtime:reply", () => resolve(), { once: true });
            document.querySelector("#answered").requestSubmit();
        })"""
    )


def wait_for_click_and_change(person):
    """Wait until the page shows the change, where a click has opened the details."""
    person.wait_for("() => document.querySelector('#version').textContent === '2'")
    assert person.run("document.querySelector('details').open")


@not_in("firefox", "its driver composes no words")
@not_in("webkit", "its driver composes no words")
def test_press_that_ends_a_word_clicks_though_the_page_is_to_change(person):
    """A person presses the mouse while a word is still being composed, which ends the word. The
    change waits for the click."""
    page = person.page
    page.focus("#box [name=email]")
    keyboard = page.context.new_cdp_session(page)
    keyboard.send(
        "Input.imeSetComposition", {"text": "niho", "selectionStart": 4, "selectionEnd": 4}
    )
    page.hover("summary")
    page.mouse.down()

    change(person)
    page.mouse.up()

    wait_for_click_and_change(person)
    assert page.input_value("#box [name=email]") == "niho"


def test_press_of_the_mouse_outlives_that_of_a_key(person):
    """A person who types fast lets a key go after having pressed the mouse. The change waits for
    the click."""
    page = person.page
    page.focus("#box [name=email]")
    page.hover("summary")
    page.keyboard.down("a")
    page.mouse.down()
    page.keyboard.up("a")

    change(person)
    page.mouse.up()

    wait_for_click_and_change(person)


def test_press_of_the_space_bar_outlives_a_movement_of_the_mouse(person):
    """A person touches the mouse while the space bar is pressed on a button. The change waits for
    the click."""
    page = person.page
    page.focus("summary")
    page.keyboard.down(" ")
    page.hover("#lines")

    change(person)
    page.keyboard.up(" ")

    wait_for_click_and_change(person)


@not_in("firefox", "its driver chooses nothing from an open list")
def test_list_that_the_space_bar_has_opened_holds_up_no_change_once_it_is_closed(person):
    """A person opens and closes a list by keys: the list hears of the end of the first press, and
    the page does not. Changes come as ever."""
    page = person.page
    page.evaluate(WITHOUT_END)
    page.focus("#box [name=kind]")
    page.keyboard.press(" ")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")

    change(person)

    person.wait_for("() => document.querySelector('#version').textContent === '2'")
    assert page.input_value("#box [name=kind]") == "b"


def test_block_and_fragment_that_wait_for_a_press_keep_their_order(person):
    """A block arrives while a person presses a part of it, and then a fragment that replaces its
    content. The fragment is shown."""
    page = person.page
    page.hover("summary")
    page.mouse.down()
    with page.expect_response(lambda one: "x-realtime-block" in one.request.headers):
        change(person, "block")
    person.run("() => new Promise((resolve) => setTimeout(resolve))")

    change(person)
    page.mouse.up()

    person.wait_for("() => document.querySelector('#version').textContent === '3'")
    person.run("() => new Promise((resolve) => setTimeout(resolve))")
    assert page.text_content("#version") == "3"


@pytest.mark.parametrize("last", ["answer", "fragment"])
def test_answer_and_fragment_that_wait_for_a_press_keep_their_order(person, last):
    """The answer to a form and a fragment arrive for a list while a person presses a line of it.
    The list shows what came last."""
    person.page.hover("#lines li:nth-child(1)")
    person.page.mouse.down()
    steps = [lambda: answer(person), lambda: change(person, "lines")]

    for step in steps if last == "fragment" else reversed(steps):
        step()
    person.page.mouse.up()

    person.wait_for("() => document.querySelector('#version').textContent === '2'")
    person.run("() => new Promise((resolve) => setTimeout(resolve))")
    assert (person.page.text_content("#lines") == "an answer") == (last == "answer")


def test_page_that_answers_a_form_waits_for_a_press_behind_older_changes(come, site):
    """A fragment and then a whole page arrive while a person presses a button. The button is
    clicked, and the page is shown as it came, without the older fragment in it."""
    form = "<form id=form method=post action=/echo/a data-realtime></form>"
    site.show(f"{BUTTON}{form}", channel="news")
    site.answer("a", main="<p id=here>new</p>")
    person = come(site.url)
    person.visit("/page")
    person.page.hover("button")
    person.page.mouse.down()

    site.update("old", "news")
    person.wait_for_frame("old")
    person.run(
        """() => new Promise((resolve) => {
            document.addEventListener("realtime:reply", () => setTimeout(resolve));
            form.requestSubmit();
        })"""
    )
    assert person.run("document.title") == "page"
    person.page.mouse.up()

    person.wait_for("() => document.title === 'answer a'")
    person.run("() => new Promise((resolve) => setTimeout(resolve))")
    assert person.page.inner_text("#here") == "new"
    assert person.run("window.clicks") == 1


def test_first_change_of_a_page_waits_for_a_press_that_began_before(come, site):
    """A page without blocks loads the script that changes HTML with its first change, which comes
    while a person presses a button. The change waits for the click."""
    site.show(BUTTON, channel="news")
    person = come(site.url)
    person.visit("/page")
    person.page.hover("button")
    person.page.mouse.down()

    site.update("<p id=new>new</p>", "news")
    person.wait_for_frame("id=new")
    person.wait_for("() => Boolean(realtime.press)")
    person.run("() => new Promise((resolve) => setTimeout(resolve))")
    person.page.mouse.up()

    person.page.wait_for_selector("#new")
    assert person.run("window.clicks") == 1


def test_press_that_ends_above_a_frame_holds_up_no_change(come, site):
    """A person presses a button, and thinks better of it: the mouse is let go above a frame, of
    which the page is not told. A change of the button is shown soon."""
    frame = "<iframe id=frame style='position: fixed; left: 200px; top: 100px' srcdoc='x'></iframe>"
    site.show(f"{BUTTON}{frame}<p data-realtime-block=none></p>", channel="news")
    person = come(site.url)
    person.visit("/page")
    person.wait_for("() => Boolean(realtime.press)")
    person.run(WITHOUT_END)
    person.page.hover("button")
    person.page.mouse.down()
    box = person.page.locator("#frame").bounding_box()
    person.page.mouse.move(box["x"] + 50, box["y"] + 50)
    person.page.mouse.up()

    site.update("<p id=new>new</p>", "news")

    person.page.wait_for_selector("#new")
    assert person.run("window.clicks") is None


def test_reload_waits_for_the_click(person):
    """The server reloads the page while a person presses something. The click is heard first."""
    person.run(
        """() => {
            document.querySelector("summary").onclick = () => { sessionStorage.clicked = "yes"; };
            window.isOld = true;
        }"""
    )
    person.page.hover("summary")
    person.page.mouse.down()

    person.run("() => realtime.fetch('/reload', { method: 'POST' })")
    person.wait_for_state("stale")
    # Without a press the page would be reloaded within half a second.
    person.run("() => new Promise((resolve) => setTimeout(resolve, 1000))")
    person.page.mouse.up()

    person.wait_for("() => !window.isOld")
    assert person.run("sessionStorage.clicked") == "yes"


@pytest.mark.parametrize(
    "has_touch",
    [
        False,
        pytest.param(True, marks=[not_in("firefox", "no touch"), not_in("webkit", "no touch")]),
    ],
    ids=["mouse", "touch"],
)
def test_quick_click_hits_what_was_pressed_though_something_above_grows(come, site, has_touch):
    """A list grows at its top while a person clicks or taps a button below. That button is clicked,
    and not the one that would have come in its place."""
    buttons = "".join(f"<li><button>{name}</button>" for name in "abc")
    site.show(f"<div id=here></div><ul>{buttons}</ul><p data-realtime-block=x>", channel="news")
    person = come(site.url, **({"has_touch": True} if has_touch else {}))
    person.visit("/page")
    person.wait_for("() => Boolean(realtime.press)")
    person.run(
        """() => {
            window.clicked = [];
            addEventListener("click", ({ target }) => clicked.push(target.textContent), true);
            // The half second of a quick click is as long as a slow machine needs.
            const set = setTimeout;
            window.setTimeout = (run, ms, ...rest) => (ms === 500 ? 0 : set(run, ms, ...rest));
        }"""
    )
    boxes = [person.page.locator(f"button:text-is('{name}')").bounding_box() for name in "ab"]
    point = {"x": boxes[1]["x"] + 5, "y": boxes[1]["y"] + 5}
    if has_touch:
        touch = person.page.context.new_cdp_session(person.page)
        down = {"type": "touchStart", "touchPoints": [point]}
        touch.send("Input.dispatchTouchEvent", down)
    else:
        person.page.mouse.move(**point)
        person.page.mouse.down()

    height = boxes[1]["y"] - boxes[0]["y"]
    site.update(f"<div id=new style='height: {height}px'></div>", "news")
    person.wait_for_frame("height")
    person.run("() => new Promise((resolve) => setTimeout(resolve))")
    if has_touch:
        touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    else:
        person.page.mouse.up()

    person.wait_for("() => window.clicked.length && document.querySelector('#new')")
    assert person.run("clicked") == ["b"]
