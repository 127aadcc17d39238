"""A whole page that answers a form becomes the document, as if the browser had gone there."""

import pytest

FORM = """<form id="f" method="post" action="/echo/a#there" data-realtime><input name="text">
<button id="go" name="button" value="go">go</button></form>"""
JAVASCRIPT = {"Content-Type": "text/javascript"}
NONCE = "script-src 'nonce-{}'; style-src 'nonce-{}'; form-action 'self'"


def policy(nonce):
    return {"Content-Security-Policy": NONCE.format(nonce, nonce)}


@pytest.fixture
def visit(come, site):
    """A function that brings a person to a page with a form, of these parts and headers."""

    def visit(main="", **page):
        site.show(FORM + main, **page)
        person = come(site.url)
        person.visit("/page")
        person.run("() => { window.isTheSame = true; }")
        return person

    return visit


def send(person):
    """Send the form, and wait for the page that answers it."""
    person.page.click("#go")
    person.wait_for("() => document.title === 'answer a' && !document.querySelector('[aria-busy]')")


def test_title_head_and_attributes_are_the_answers(visit, site):
    """Its title, meta data, languages and classes are there, and the former ones are not."""
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

    send(person)

    names = "() => [...document.querySelectorAll('meta[name]')].map(({ name }) => name)"
    assert person.run(names) == ["both", "new"]
    assert person.run("() => [document.body.className, document.body.dataset.old]") == ["new", None]
    assert person.run("() => [document.documentElement.className, isTheSame]") == ["dark", True]
    assert person.run("() => document.body.dataset.realtimeState") == "open"


def test_styles_are_the_answers(visit, site):
    """Its style sheets are there before it is seen; of the former page's, those that it has too,
    and what scripts have added."""
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

    person.page.click("#go")
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


def test_scripts_run_as_in_a_page_that_is_loaded(visit, site):
    """In order, each behind what it needs; those of the head that ran already do not run again."""
    kept = "<script>window.runs = (window.runs ?? 0) + 1;</script>"
    module = '<script type="module" src="/echo/module"></script>'
    site.answer("module", body="window.order?.push('module');", headers=JAVASCRIPT)
    person = visit(module, head=kept)
    person.run("() => { window.order = []; }")
    site.answer("library", body="order.push('library');", headers=JAVASCRIPT)
    site.answer(
        "a",
        head=f"{kept}<script>order.push('head');</script>",
        main='<script src="/echo/library"></script>'
        "<script>order.push(document.currentScript.parentNode.id);</script>"
        f'<script type="application/json">{{"data": 1}}</script>{module}',
        attributes=' id="body"',
    )

    send(person)
    person.wait_for("() => order.length === 4")

    assert person.run("() => [order, runs]") == [["head", "library", "body", "module"], 1]


def test_what_listened_before_is_not_told_twice(visit, site):
    """A script that listens anew, in the page that came, replaces its former self."""
    script = """<ul id="list"></ul><script type="module">
        realtime.on("news", (text) => list.append(text, " "));
    </script>"""
    person = visit(script, channel="news")
    site.answer("a", main=FORM + script, channel="news")

    send(person)
    site.push("hi", "news")
    person.wait_for("() => list.textContent.includes('hi')")
    site.push("ho", "news")
    person.wait_for("() => list.textContent.includes('ho')")

    assert person.page.inner_text("#list") == "hi ho"


def test_script_runs_by_the_nonce_of_its_own_answer_alone(visit, site):
    """Under a policy of nonces, what somebody smuggled into the answer does not run."""
    person = visit(headers=policy("first"))
    person.run("() => { window.ran = []; }")
    site.answer(
        "a",
        headers=policy("second"),
        main="".join(
            f"<script{nonce}>ran.push({number});</script>"
            for number, nonce in enumerate(["", " nonce=first", " nonce=second", " nonce=third"])
        )
        + '<img src="data:,x" onerror="ran.push(9)" alt="">',
        head='<style nonce="second">p { margin: 3px }</style><style>p { padding: 7px }</style>',
    )

    send(person)

    assert person.run("ran") == [2]
    person.forgive("Executing inline event handler", "Applying inline style")


def test_script_runs_by_no_nonce_where_the_answer_has_none(visit, site):
    """Of an answer without a policy no script runs, wherever its nonce is from."""
    person = visit(headers=policy("first"))
    person.run("() => { window.ran = []; }")
    main = "<script nonce='first'>ran.push(1);</script><script>ran.push(2);</script>"
    site.answer("a", main=main)

    send(person)

    assert person.run("ran") == []


@pytest.mark.parametrize(
    "answered, ran",
    [
        ({"Content-Security-Policy": "script-src 'nonce-second' 'strict-dynamic'"}, [2]),
        ({"Content-Security-Policy": "script-src 'self'; style-src 'nonce-second'"}, []),
        ({}, []),
    ],
    ids=["nonce", "no nonce", "no policy"],
)
def test_policy_that_trusts_what_trusted_scripts_add_is_no_way_in(visit, site, answered, ran):
    """'strict-dynamic' lets our script add any: it adds those that the answer's nonce names."""
    person = visit(headers={"Content-Security-Policy": "script-src 'nonce-first' 'strict-dynamic'"})
    person.run("() => { window.ran = []; }")
    for number in (1, 2, 3):
        site.answer(f"s{number}", body=f"ran.push({number})", headers=JAVASCRIPT)
    scripts = "".join(
        f"<script src='/echo/s{number}'{nonce}></script>"
        for number, nonce in enumerate(["", " nonce='second'", " nonce='first'"], 1)
    )

    site.answer("a", headers=answered, main=scripts)
    send(person)
    person.wait_for("count => ran.length === count", len(ran))
    person.run("() => realtime.call('/echo/last')")

    asked = [request["path"] for request in site.told()]
    assert asked == ["/echo/a", *(f"/echo/s{number}" for number in ran), "/echo/last"]
    assert person.run("ran") == ran


def test_address_scroll_and_focus_are_as_after_a_navigation(visit, site):
    """It is at the form's address, seen where that says, and what asks for the focus has it."""
    person = visit('<p style="height: 3000px">')
    person.run("() => scrollTo(0, 0)")
    site.answer(
        "a",
        main='<p style="height: 3000px"></p><p id="there">there</p><p style="height: 3000px"></p>',
    )
    send(person)

    assert person.page.url == f"{site.url}/echo/a#there"
    assert person.run("() => Math.round(there.getBoundingClientRect().top)") < 30


def test_page_is_seen_from_its_top_and_has_its_own_focus(visit, site):
    """Wherever one was in the page of the form, and whatever had the focus there."""
    tall = '<p style="height: 3000px"></p>'
    person = visit()
    site.show(f"<input autofocus>{tall}{FORM.replace('#there', '')}{tall}")
    person.visit("/page")
    field = '<input id="field" autofocus style="position: fixed; top: 0">'
    site.answer("a", main=f"{tall}{tall}{field}")

    send(person)

    assert person.run("() => [scrollY, document.activeElement.id]") == [0, "field"]


def test_back_button_leads_to_the_page_of_the_form(visit, site):
    """Back and forth in the history, each address shows its own page."""
    person = visit(title="page")
    site.answer("a", main='answer <a id="on" href="#on">on</a><p id="on"></p>')
    send(person)
    person.page.click("#on")
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


def test_back_button_of_a_form_at_its_own_address(come, site):
    """A page that posts to itself, as WTForms' do, has its empty form a step back."""
    site.show("page")
    form = '<form method="post" data-realtime><button id="go">go</button></form>'
    site.answer("a", main=form)
    person = come(site.url)
    person.visit("/page")
    person.visit("/echo/a")
    site.answer("a", main=f"{form}<b id=error>too short</b>", status=422)

    person.page.click("#go")
    person.page.wait_for_selector("#error")
    site.answer("a", main=form)
    person.page.go_back()
    person.page.wait_for_selector("#error", state="detached")

    assert person.page.url == f"{site.url}/echo/a"
    assert [request["method"] for request in site.told()] == ["GET", "POST", "GET"]


def test_form_of_the_new_page_is_sent_as_the_first_was(visit, site):
    """And so on, page by page, over the same socket."""
    person = visit()
    site.answer("a", main=FORM.replace("/echo/a", "/echo/b"))
    send(person)
    person.page.fill("input", "more")

    person.page.click("#go")
    person.wait_for("() => document.title === 'answer b'")

    _first, second = site.told()
    assert (second["by"], second["body"]) == ("socket", "text=more&button=go")
    assert person.run("isTheSame")


def test_document_tells_that_it_is_another(visit, site):
    """Scripts that went on running are told, and find the elements of the new page."""
    person = visit()
    person.run(
        """() => document.addEventListener("realtime:page", () => {
            window.found = document.querySelector("#new");
        })"""
    )
    site.answer("a", main="<p id=new>new</p>")

    send(person)
    person.wait_for("() => window.found")


def test_answer_that_is_no_whole_page_is_shown_as_one(visit, site):
    """As a browser does with whatever HTML it gets; the socket goes on."""
    person = visit()
    site.answer("a", body="thanks")

    person.page.click("#go")
    person.wait_for("() => document.body.textContent === 'thanks'")

    assert person.run("() => [document.title, realtime.state]") == ["", "open"]
    assert person.run("() => document.body.dataset.socketConnectionId === realtime.connectionId")
