"""A form is answered with a whole page, to which messages were pushed while it was under way."""

import pytest

from tests.eventually import eventually

from .answering import send_form, visit_form

pytestmark = pytest.mark.shares_tabs

HERE = "<p id=here>old</p>"
STAYS = """<script>
    window.both = [];
    addEventListener("DOMContentLoaded", () => realtime.on("news", ({ text }) => both.push(text)));
</script>"""


def listening(name):
    """Return a script that notes what it hears."""
    return f"""<script type="module">
        window.{name} = [];
        realtime.on("news", ({{ text }}) => {name}.push(text));
    </script>"""


def release(person, site):
    """Let the view answer, and wait for its page."""
    site.release()
    person.wait_for("() => document.title === 'answer a' && !document.querySelector('[aria-busy]')")


def send_and_wait_for_reply(person):
    """Send the form without the mouse, and wait until the page has got the answer."""
    person.run(
        """() => new Promise((resolve) => {
            document.addEventListener("realtime:reply", () => setTimeout(resolve));
            document.querySelector("#go").click();
        })"""
    )


@pytest.mark.parametrize("status", [200, 422])
@pytest.mark.parametrize("subscribes", ["subscribes", "subscribes to nothing"])
def test_change_that_comes_before_the_answer_is_made_in_its_page(come, site, status, subscribes):
    """While the view of a form renders its page, the server changes an element. The page that
    answers was rendered before, and is changed too."""
    person = visit_form(come, site, HERE, channel="news")
    subscribing = {"channel": "news"} if subscribes == "subscribes" else {}
    site.answer("a", main="<p id=here>new</p>", status=status, is_held_later=True, **subscribing)
    person.click("#go")
    site.wait_for_request()

    site.update("<b>newest</b>", "news")
    person.wait_until_shown("#here b")
    release(person, site)

    assert person.text("#here") == "newest"


def test_form_with_errors_is_live_on_a_channel_that_is_new_to_its_page(come, site):
    """A page without a channel has a form, whose view subscribes the page and finds an error. The
    form with errors shows what was pushed since then, and what is pushed next."""
    person = visit_form(come, site, HERE)
    site.answer("a", main="<p id=here>new</p>", status=422, is_held_later=True, channel="news")
    person.click("#go")
    site.wait_for_request()

    site.update("<b>newest</b>", "news")
    release(person, site)
    person.wait_until_shown("#here b")
    site.update("<i>last</i>", "news")

    person.wait_until_shown("#here i")


def test_change_that_the_view_has_seen_is_not_made_again(come, site):
    """The server adds a line before the view of the form has begun to read. The page that answers
    shows the line once."""
    person = visit_form(come, site, HERE, channel="news")
    site.answer("a", main="<p id=here><b>line</b></p>", is_held=True, channel="news")
    person.click("#go")
    site.wait_for_request()

    site.change("append", "<b>line</b>", "news")
    person.wait_until_shown("#here b")
    release(person, site)

    assert person.count("#here b") == 1


def test_change_that_a_view_without_subscription_has_seen_is_not_made_again(come, site):
    """A form waits behind another message of its page, and a line comes before the form's
    view has begun. The page that answers shows the line once."""
    person = visit_form(come, site, HERE, channel="news")
    site.answer("a", main="<p id=here><b>line</b></p>")
    site.answer("slow", is_held=True)
    person.run("() => { realtime.call('/echo/slow'); }")
    site.wait_for_request()
    person.click("#go")

    site.change("append", "<b>line</b>", "news")
    person.wait_until_shown("#here b")
    release(person, site)

    assert person.count("#here b") == 1


def test_change_of_a_channel_that_the_page_leaves_is_not_made_in_the_next_page(come, site):
    """A form leads from the page of one room to that of another. What changes in the first room
    meanwhile is not shown in the second."""
    person = visit_form(come, site, HERE, channel_of_view="room:1")
    site.answer(
        "a", main="<p id=here>second room</p>", is_held_later=True, channel_of_view="room:2"
    )
    person.click("#go")
    site.wait_for_request()

    site.update("<b>first room</b>", "room:1")
    person.wait_until_shown("#here b")
    release(person, site)

    assert person.text("#here") == "second room"


def test_block_that_is_refreshed_before_the_answer_is_rendered_anew_in_its_page(come, site):
    """A block is refreshed while the view of the form renders it as it was. The page that answers
    asks for the block again."""
    block = (
        '<p id=here data-realtime-block="count" data-realtime-on="news"'
        ' data-realtime-url="/echo/block">old</p>'
    )
    fetched = "{% block count %}<b>newest</b>{% endblock %}"
    person = visit_form(come, site, block, channel="news")
    site.answer("a", main=block, is_held_later=True, channel="news")
    site.answer("block", page=fetched)
    person.click("#go")
    site.wait_for_request()

    site.refresh("news")
    person.wait_until_shown("#here b")
    release(person, site)

    person.wait_until_shown("#here b")


def test_block_of_the_answer_is_not_undone_by_an_older_one(come, site):
    """The server renders a block as it was before a form came, and sends it when the page that
    answers the form is shown. That page's block is asked for."""
    block = (
        '<p id=here data-realtime-block="count" data-realtime-on="news"'
        ' data-realtime-url="/echo/block">old</p>'
    )
    person = visit_form(come, site, block, channel="news")
    site.answer("block", page="{% block count %}old{% endblock %}", is_held=True)
    site.refresh("news")
    site.wait_for_request()
    site.answer("block", page="{% block count %}<b>newest</b>{% endblock %}")
    site.answer("a", main=block.replace("old", "new"))

    send_form(person)
    site.release()

    person.wait_until_shown("#here b")


def test_message_that_comes_before_the_answer_reaches_the_scripts_of_its_page(come, site):
    """A message comes while the view of a form renders its page. Listeners that this page adds get
    it, once. One that stays from the page before does not get it a second time."""
    person = visit_form(come, site, listening("old"), head=STAYS, channel="news")
    site.answer("a", main=listening("fresh"), head=STAYS, is_held_later=True, channel="news")
    person.click("#go")
    site.wait_for_request()

    site.push({"text": "hi"}, "news")
    person.wait_for("() => both.length && old.length")
    site.release()

    person.wait_for("() => window.fresh?.length")
    assert person.run("() => [old, both, fresh]") == [["hi"], ["hi"], ["hi"]]


def test_change_whose_script_loads_slowly_is_made_before_an_answer_that_came_later(come, site):
    """The script that changes HTML is loaded with a page's first change, and so slowly that the
    answer to a form arrives first. The page that answers does not wait, and stays as it came."""
    person = visit_form(come, site, HERE, channel="news")
    site.answer("a", main="<p id=here>new</p>")
    held = []
    person.page.route("**/realtime-html.js*", lambda route: held.append(route))

    site.update("older", "news")
    eventually(lambda: person.run("true") and held)
    send_and_wait_for_reply(person)
    person.wait_for("() => document.title === 'answer a'")
    held.pop().continue_()

    person.wait_for("() => realtime.restrict")
    person.run("() => new Promise((resolve) => setTimeout(resolve))")
    assert person.text("#here") == "new"


def test_change_whose_script_loads_within_a_press_does_not_come_behind_a_newer_page(come, site):
    """A person presses an element while a change of it arrives, and then the page that answers a
    form. The script that makes changes loads behind both, and the press ends last: the page stays
    as it came."""
    person = visit_form(come, site, HERE, channel="news")
    site.answer("a", main="<p id=here>new</p>")
    held = []
    person.page.route("**/realtime-html.js*", lambda route: held.append(route))
    person.page.hover("#here")
    person.page.mouse.down()
    site.update("older", "news")
    eventually(lambda: person.run("true") and held)

    send_and_wait_for_reply(person)
    held.pop().continue_()
    person.wait_for("() => realtime.restrict")
    person.page.mouse.up()

    person.wait_for("() => document.title === 'answer a'")
    person.run("() => new Promise((resolve) => setTimeout(resolve))")
    assert person.text("#here") == "new"
