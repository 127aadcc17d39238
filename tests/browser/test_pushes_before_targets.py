"""An answer is put into a part of a page to which messages were pushed while it was under way."""

import pytest

from .answering import INTO

pytestmark = pytest.mark.shares_tabs

FORM = f'<form id="into" method="post" action="/echo/a" {INTO}><button id="go">go</button></form>'
LINK = f'<a id="go" href="/echo/a" {INTO}>go</a>'
PARTS = '<ul id="list"><li id="one">one</li><li id="two">two</li></ul>'
ANSWER = f'{PARTS}<i id="came"></i>'
BLOCK = (
    '<p id="block" data-realtime-block="count" data-realtime-on="news"'
    ' data-realtime-url="/echo/block">old</p>'
)


def visit(come, site, main=FORM, here=PARTS, **answer):
    """Open a page with a form, or a link, whose answer replaces a part of the page, and set that
    answer. Returns the visitor."""
    site.show(f'{main}<div id="here">{here}</div><p id="aside">aside</p>', channel="news")
    site.answer("a", **{"body": ANSWER, "is_held_later": True, **answer})
    person = come(site.url)
    person.visit("/page")
    return person


def ask(person, site):
    """Send the form, or follow the link, and wait until its view has begun."""
    person.click("#go")
    site.wait_for_request()


def release(person, site):
    """Let the view answer, and wait until the page shows the answer."""
    site.release()
    person.wait_until_there("#came")


@pytest.mark.parametrize("main", [FORM, LINK])
@pytest.mark.parametrize("status", [200, 422])
def test_change_that_comes_before_the_answer_is_made_in_it(come, site, main, status):
    """While the view renders a part of the page, another visitor changes an element of that part.
    The answer was rendered before, and is changed too."""
    person = visit(come, site, main, status=status)
    ask(person, site)

    site.update("<b>newest</b>", "news", "#one")
    person.wait_until_shown("#one b")
    release(person, site)

    assert person.text("#one") == "newest"


@pytest.mark.parametrize(
    "verb, target, texts",
    [
        ("append", "#list", ["one", "two", "fresh"]),
        ("prepend", "#list", ["fresh", "one", "two"]),
        ("before", "#one", ["fresh", "one", "two"]),
        ("replace", "#one", ["fresh", "two"]),
        ("append", "#here", ["one", "two", "fresh"]),
        ("update", "#here", ["fresh"]),
    ],
)
def test_change_of_every_kind_is_made_in_the_answer(come, site, verb, target, texts):
    """What the server inserted or replaced in the part of the page is in the answer as well, once,
    and where it was."""
    person = visit(come, site)
    ask(person, site)

    site.change(verb, '<li class="fresh">fresh</li>', "news", target)
    person.wait_until_shown(".fresh")
    site.release()
    person.wait_for("() => !document.querySelector('[aria-busy]')")

    assert person.page.locator("#here li").all_inner_texts() == texts


def test_what_was_removed_before_the_answer_stays_away(come, site):
    """An element of the part is removed while the view renders it. The answer does not bring it
    back."""
    person = visit(come, site)
    ask(person, site)

    site.remove("news", "#one")
    person.page.wait_for_selector("#one", state="detached")
    release(person, site)

    assert person.page.locator("#here li").all_inner_texts() == ["two"]


@pytest.mark.parametrize("target", ["#aside", "#here"])
def test_change_beside_the_answer_is_made_once(come, site, target):
    """Another part of the page, or what stands beside the target, changes while the view renders.
    The answer has not touched it, and it does not change a second time."""
    person = visit(come, site)
    person.run("() => { window.told = 0; addEventListener('realtime:html', () => told++); }")
    ask(person, site)

    site.change("after", "<b class=fresh>fresh</b>", "news", target)
    person.wait_until_shown(".fresh")
    release(person, site)

    assert person.count(".fresh") == 1
    assert person.run("told") == 1


def test_change_that_the_view_has_seen_is_not_made_over_its_answer(come, site):
    """A form waits behind another message of its page. Somebody's change comes meanwhile, so that
    the form's view begins behind it, and adds to it. The answer is shown as it came."""
    person = visit(come, site, body='<b id="one">six</b><i id="came"></i>', is_held_later=False)
    site.answer("slow", is_held=True)
    person.run("() => { realtime.call('/echo/slow'); }")
    site.wait_for_request()
    person.click("#go")

    site.update("five", "news", "#one")
    person.wait_for("() => one.textContent === 'five'")
    release(person, site)

    assert person.text("#one") == "six"


def test_block_in_the_answer_is_rendered_anew(come, site):
    """A block is refreshed while the view of the form renders it as it was. The answer's block is
    asked for again."""
    person = visit(come, site, here=BLOCK, body=f'{BLOCK}<i id="came"></i>')
    site.answer("block", page="{% block count %}<b>newest</b>{% endblock %}")
    ask(person, site)

    site.refresh("news")
    person.wait_until_shown("#block b")
    release(person, site)

    person.wait_until_shown("#block b")


def test_answers_of_two_forms_keep_what_came_before_them(come, site):
    """Two forms are under way, one of whose targets is a part of the other's. What was changed
    before both is in both answers, and the second answer is in the first."""
    inner = FORM.replace("#here", "#one").replace("/echo/a", "/echo/b").replace("go", "inner")
    person = visit(come, site, FORM + inner)
    site.answer("b", body='<u id="late">late</u><b id="part">old</b>', is_held_later=True)
    ask(person, site)
    person.click("#inner")

    site.update("newest", "news", "#two")
    person.wait_for("() => two.textContent === 'newest'")
    site.release()
    person.wait_until_shown("#late")

    assert person.text("#two") == "newest"
    assert person.run("() => Boolean(came)")


def block_with(text):
    """Return a block as the server renders it."""
    return f'{{% block count %}}<b id="one">{text}</b>{{% endblock %}}'


def begin_block(person, site):
    """Refresh the page's block, and wait until the server has begun to render it as it was."""
    site.answer("block", page=block_with("old"), is_held=True)
    site.refresh("news")
    site.wait_for_request()
    site.answer("block", page=block_with("newest"))


@pytest.mark.parametrize("target, html", [("#one", "newer"), ("#around", BLOCK)])
def test_change_in_a_block_is_not_undone_by_an_older_answer(come, site, target, html):
    """The server changes an element of a block, or the block with what is around it, while it
    renders the block as it was. The block is asked for again."""
    block = BLOCK.replace("old", "<b id=one>old</b>")
    person = visit(come, site, here=f"<div id=around>{block}</div>")
    begin_block(person, site)

    site.update(f"{html}<i id=came></i>", "news", target)
    person.wait_until_there("#came")
    site.release()

    person.wait_for("() => document.querySelector('#one')?.textContent === 'newest'")


def test_answer_in_a_block_is_not_undone_by_an_older_answer(come, site):
    """A form's answer is put into a block, which the server renders as it was before the form came.
    The block is asked for again."""
    block = BLOCK.replace("old", "<b id=one>old</b>")
    main = FORM.replace("#here", "#one")
    person = visit(come, site, main, here=block, is_held_later=False, body="<i id=came></i>")
    begin_block(person, site)

    person.click("#go")
    person.wait_until_there("#came")
    site.release()

    person.wait_for("() => document.querySelector('#one')?.textContent === 'newest'")


def test_change_behind_one_that_replaced_the_target_is_made_in_the_answer(come, site):
    """The server replaces the part of the page while the view renders it, and then changes an
    element of the new one. The answer shows both."""
    person = visit(come, site)
    ask(person, site)

    site.change("replace", f'<div id="here">{PARTS}</div>', "news", "#here")
    site.update("<b>newest</b>", "news", "#one")
    person.wait_until_shown("#one b")
    site.release()
    person.wait_for("() => !document.querySelector('[aria-busy]')")

    assert person.text("#one") == "newest"
