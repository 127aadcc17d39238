"""The scripts of a page that answers a form run as after a navigation."""

import functools

import pytest

from .answering import FORM, JAVASCRIPT, send_form, visit_form

pytestmark = pytest.mark.shares_tabs


def policy(nonce):
    return {"Content-Security-Policy": f"script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'"}


@pytest.fixture
def visit(come, site):
    """A function that opens a page with a form for a person; the test chooses its parts and
    headers."""
    return functools.partial(visit_form, come, site)


def test_scripts_run_as_in_a_page_that_is_loaded(visit, site):
    """Scripts run in the order of a page load. A script of the head that has run before does not
    run again."""
    kept = "<script>window.runs = (window.runs ?? 0) + 1;</script>"
    module = '<script type="module" src="/echo/module"></script>'
    site.answer("module", body="window.order?.push('module');", headers=JAVASCRIPT)
    person = visit(module, head=kept)
    person.run("() => { window.order = []; }")
    site.answer("library", body="order.push('library');", headers=JAVASCRIPT)
    site.answer(
        "a",
        head=f"{kept}<script>order.push('head');</script>",
        main='<script type="module">order.push("late");</script>'
        '<script src="/echo/library"></script>'
        "<script>order.push(document.currentScript.parentNode.id);</script>"
        f'<script type="application/json">{{"data": 1}}</script>{module}',
        attributes=' id="body"',
    )

    send_form(person)
    person.wait_for("() => order.length === 5")

    assert person.run("() => [order, runs]") == [["head", "library", "body", "late", "module"], 1]


def test_listener_of_a_script_that_runs_again_is_called_once(visit, site):
    """A script adds a listener, and runs again in the new page. A push calls the listener once."""
    script = """<ul id="list"></ul><script type="module">
        realtime.on("news", (text) => list.append(text, " "));
    </script>"""
    person = visit(script, channel="news")
    site.answer("a", main=FORM + script, channel="news")

    send_form(person)
    site.push("hi", "news")
    person.wait_for("() => list.textContent.includes('hi')")
    site.push("ho", "news")
    person.wait_for("() => list.textContent.includes('ho')")

    assert person.page.inner_text("#list") == "hi ho"


def test_script_runs_by_the_nonce_of_its_own_answer_alone(visit, site):
    """Under a policy with nonces only scripts with the answer's own nonce run, and none that
    somebody has smuggled into the answer."""
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

    send_form(person)

    assert person.run("ran") == [2]
    person.forgive("Executing inline event handler", "Applying inline style")


def test_script_runs_by_no_nonce_where_the_answer_has_none(visit, site):
    """The page has a policy with nonces and the answer has none. No script of the answer runs,
    whatever its nonce."""
    person = visit(headers=policy("first"))
    person.run("() => { window.ran = []; }")
    main = "<script nonce='first'>ran.push(1);</script><script>ran.push(2);</script>"
    site.answer("a", main=main)

    send_form(person)

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
def test_strict_dynamic_runs_only_scripts_with_the_answers_nonce(visit, site, answered, ran):
    """Under 'strict-dynamic' the client's script could add any script. It adds those with the
    answer's nonce only."""
    person = visit(headers={"Content-Security-Policy": "script-src 'nonce-first' 'strict-dynamic'"})
    person.run("() => { window.ran = []; }")
    for number in (1, 2, 3):
        site.answer(f"s{number}", body=f"ran.push({number})", headers=JAVASCRIPT)
    scripts = "".join(
        f"<script src='/echo/s{number}'{nonce}></script>"
        for number, nonce in enumerate(["", " nonce='second'", " nonce='first'"], 1)
    )

    site.answer("a", headers=answered, main=scripts)
    send_form(person)
    person.wait_for("count => ran.length === count", len(ran))
    person.run("() => realtime.call('/echo/last')")

    asked = [request["path"] for request in site.told()]
    assert asked == ["/echo/a", *(f"/echo/s{number}" for number in ran), "/echo/last"]
    assert person.run("ran") == ran


def test_answer_that_is_stricter_than_the_page_stays_so(visit, site):
    """Only the answer has a policy. A script that this policy forbids does not run in the
    document."""
    person = visit()
    person.run("() => { window.ran = []; }")
    site.answer("file", body="ran.push('file')", headers=JAVASCRIPT)
    site.answer(
        "a",
        headers={"Content-Security-Policy": "script-src 'self'"},
        main="<script>ran.push('inline')</script><script src='/echo/file'></script>",
    )

    send_form(person)
    person.wait_for("() => ran.length")

    assert person.run("ran") == ["file"]
