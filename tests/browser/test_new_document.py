"""A form is answered with a whole page, which replaces the document as after a navigation."""

import functools

import pytest

from .answering import FORM, send_form, visit_form

pytestmark = pytest.mark.shares_tabs


@pytest.fixture
def visit(come, site):
    """A function that opens a page with a form for a person; the test chooses its parts and
    headers."""
    return functools.partial(visit_form, come, site)


def test_title_head_and_attributes_are_the_answers(visit, site):
    """The document has the title, meta elements, languages and classes of the answer, and none of
    the former page."""
    person = visit(
        head='<meta name="old" content="1"><meta name="both" content="1">',
        attributes=' class="old" data-old="1"',
    )
    site.answer(
        "a",
        head='<meta name="both" content="1"><meta name="new" content="1">',
        attributes=' class="new"',
        main="answer",
    )
    person.run("() => document.documentElement.classList.add('dark')")

    send_form(person)

    names = "() => [...document.querySelectorAll('meta[name]')].map(({ name }) => name)"
    assert person.run(names) == ["both", "new"]
    assert person.run("() => [document.body.className, document.body.dataset.old]") == ["new", None]
    assert person.run("() => [document.documentElement.className, isTheSame]") == ["dark", True]
    assert person.run("() => document.body.dataset.realtimeState") == "open"


def test_styles_are_the_answers(visit, site):
    """The answer's style sheets apply before the page is shown. Of the former page's styles those
    stay that the answer has too, and those that scripts have added."""
    added = """<script type="module">
        const style = document.createElement("style");
        style.textContent = "p { top: 5px }";
        document.head.append(style);
    </script>"""
    kept = "<style>p { margin: 3px }</style>"
    person = visit(added, head=f"<style>p {{ color: rgb(1, 1, 1) }}</style>{kept}")
    css = {"Content-Type": "text/css"}
    sheet = '<link rel="stylesheet" href="/echo/sheet">'
    site.answer("a", head=sheet + kept, main="<p id=p>answer</p>")
    site.answer("sheet", body="p { padding: 7px }", headers=css, is_held=True)

    person.click("#go")
    site.wait_for_requests(2)
    assert person.run("() => document.querySelector('#go').disabled")
    site.release()
    person.wait_for("() => document.querySelector('#p')")

    style = person.run(
        """() => {
            const { color, margin, padding, top } = getComputedStyle(p);
            return { color, margin, padding, top };
        }"""
    )
    expected = {"color": "rgb(0, 0, 0)", "margin": "3px", "padding": "7px", "top": "5px"}
    assert style == expected


def test_fragment_that_comes_while_style_sheets_load_changes_the_new_page(visit, site):
    """The server changes the new page while its style sheets load. The change is made in that page,
    and not in the former one, which it replaces."""
    person = visit("<p id=here>old</p>", channel="news")
    sheet = '<link rel="stylesheet" href="/echo/sheet">'
    site.answer("a", head=sheet, main="<p id=here>new</p>", channel="news")
    site.answer("sheet", body="", headers={"Content-Type": "text/css"}, is_held=True)
    person.click("#go")
    site.wait_for_requests(2)

    site.update("newest", "news")
    person.wait_for_frame("newest")
    site.release()

    person.wait_for("() => document.title === 'answer a' && here.textContent !== 'new'")
    assert person.text("#here") == "newest"


def test_two_answers_at_once_are_shown_one_after_the_other(visit, site):
    """Two forms are answered at almost the same time. In the end the page shows the last answer."""
    slow = '<link rel="stylesheet" href="/echo/sheet">'
    person = visit('<form id="g" method="post" action="/echo/b" data-realtime></form>')
    site.answer("sheet", body="", headers={"Content-Type": "text/css"}, is_held=True)
    site.answer("a", head=slow, main="<p id=first>first</p>")
    site.answer("b", head=slow, main="<p id=second>second</p>")

    person.click("#go")
    site.wait_for_requests(2)
    person.run("() => g.requestSubmit()")
    site.wait_for_request()
    site.release()
    person.wait_until_shown("#second")

    assert person.page.url == f"{site.url}/echo/b"
    assert person.count("#first") == 0


def test_address_scroll_and_focus_are_as_after_a_navigation(visit, site):
    """The page has the form's address, is scrolled to its anchor, and focuses an element with
    autofocus."""
    person = visit('<p style="height: 3000px">')
    person.run("() => scrollTo(0, 0)")
    site.answer(
        "a",
        main='<p style="height: 3000px"></p><p id="there">there</p><p style="height: 3000px"></p>',
    )
    send_form(person)

    assert person.page.url == f"{site.url}/echo/a#there"
    assert person.run("() => Math.round(there.getBoundingClientRect().top)") < 30


def test_page_is_seen_from_its_top_and_has_its_own_focus(visit, site):
    """A person has scrolled down and focused a field before sending the form. The new page is shown
    from its top, without that focus."""
    tall = '<p style="height: 3000px"></p>'
    person = visit()
    site.show(f"<input autofocus>{tall}{FORM.replace('#there', '')}{tall}")
    person.visit("/page")
    field = '<input id="field" autofocus style="position: fixed; top: 0">'
    site.answer("a", main=f"{tall}{tall}{field}")

    send_form(person)

    assert person.run("() => [scrollY, document.activeElement.id]") == [0, "field"]


@pytest.mark.keeps_pages
def test_back_button_leads_to_the_page_of_the_form(visit, site):
    """A person goes back and forward in the history, and each address shows its own page."""
    person = visit(title="page")
    site.answer("a", main='answer <a id="on" href="#on">on</a><p id="on"></p>')
    send_form(person)
    person.click("#on")
    person.wait_for("() => location.hash === '#on'")
    assert person.run("isTheSame")

    person.page.go_back()
    person.wait_for("() => location.hash === '#there'")
    assert person.run("isTheSame")
    person.page.go_back()
    person.wait_for("() => document.title === 'page'")
    assert person.page.url == f"{site.url}/page"
    person.page.go_forward()
    person.wait_for("() => document.title === 'answer a'")
    assert person.page.url == f"{site.url}/echo/a#there"


@pytest.mark.keeps_pages
def test_back_button_of_a_form_at_its_own_address(come, site):
    """A page posts to its own address, as with WTForms. After the back button its form is empty."""
    site.show("page")
    form = '<form method="post" data-realtime><button id="go">go</button></form>'
    site.answer("a", main=form)
    person = come(site.url)
    person.visit("/page")
    person.visit("/echo/a")
    site.answer("a", main=f"{form}<b id=error>too short</b>", status=422)

    person.click("#go")
    person.wait_until_shown("#error")
    site.answer("a", main=form)
    person.page.go_back()
    person.page.wait_for_selector("#error", state="detached")

    assert person.page.url == f"{site.url}/echo/a"
    assert [request["method"] for request in site.told()] == ["GET", "POST", "GET"]


def test_form_of_the_new_page_is_sent_as_the_first_was(visit, site):
    """The new page has a form, which is sent over the same socket, and so on page by page."""
    person = visit()
    site.answer("a", main=FORM.replace("/echo/a", "/echo/b"))
    send_form(person)
    person.fill("input", "more")

    person.click("#go")
    person.wait_for("() => document.title === 'answer b'")

    _first, second = site.told()
    assert (second["by"], second["body"]) == ("socket", "text=more&button=go")
    assert person.run("isTheSame")


def test_event_says_that_the_document_was_replaced(visit, site):
    """Scripts that keep running get an event, and find the elements of the new page."""
    person = visit()
    person.run(
        """() => document.addEventListener("realtime:page", () => {
            window.found = document.querySelector("#new");
        })"""
    )
    site.answer("a", main="<p id=new>new</p>")

    send_form(person)
    person.wait_for("() => window.found")


def test_answer_that_is_no_whole_page_is_shown_as_one(visit, site):
    """A form is answered with a piece of HTML. It becomes the document, as in a browser, and the
    socket stays open."""
    person = visit()
    site.answer("a", body="thanks")

    person.click("#go")
    person.wait_for("() => document.body.textContent === 'thanks'")

    assert person.run("() => [document.title, realtime.state]") == ["", "open"]
    assert person.run("() => document.body.dataset.socketConnectionId === realtime.connectionId")


def test_page_out_of_a_cache_is_still_the_one_that_asked(visit, site):
    """A cached view's HTML holds the id of another page. Pushes still reach the page whose form was
    answered."""
    person = visit(channel="news")
    person.run("() => { window.heard = []; realtime.on('news', (text) => heard.push(text)); }")
    connection_id = person.run("realtime.connectionId")
    site.answer("a", attributes=f' data-socket-connection-id="{"A" * len(connection_id)}"')

    send_form(person)
    site.push("hi", "news")
    person.wait_for("() => heard.includes('hi')")

    assert person.run("realtime.connectionId") == connection_id
