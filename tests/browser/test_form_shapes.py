# ruff: noqa: E501 - one shape a line
"""Forms of every shape send the same fields over the socket as by HTTP, and people see the same
page."""

import pytest

from .kinds import READS_CONSOLE, not_in

pytestmark = pytest.mark.shares_tabs

GO = '<button id="go" name="button" value="go">go</button>'

# Shapes that the socket can carry. A browser sends each by HTTP for comparison.
CARRIED = {
    "post": '<form method="post" action="/echo/a" {}><input name="text" value="hi &amp; ü 😀">{}</form>',
    "get": '<form action="/echo/a?old=1" {}><input name="text" value="hi +&amp;%">{}</form>',
    "method in capitals": '<form method="POST" action="/echo/a" {}>{}</form>',
    "method that there is not": '<form method="xpost" action="/echo/a" {}>{}</form>',
    "lines of a text": '<form method="post" action="/echo/a" {}><textarea name="text">a\nb\n\nc</textarea>{}</form>',
    "lines of a hidden field": '<form method="post" action="/echo/a" {}>'
    '<input type="hidden" name="a&#10;b" value="1&#10;2&#13;3&#13;&#10;4">{}</form>',
    "lines in a query": '<form action="/echo/a" {}><textarea name="text">a\nb</textarea>{}</form>',
    "order": '<form method="post" action="/echo/a" {}><input name="b" value="1"><input name="10" value="2">'
    '<input name="2" value="3"><input name="b" value="4"><input name="1" value="5">{}</form>',
    "names of objects": '<form method="post" action="/echo/a" {}><input name="__proto__" value="1">'
    '<input name="constructor" value="2"><input name="toString" value="3">{}</form>',
    "names of a form's own": '<form method="post" action="/echo/a" {}>'
    + "".join(
        f'<input name="{name}" value="{name}">'
        for name in [
            "action",
            "method",
            "submit",
            "target",
            "elements",
            "dataset",
            "getAttribute",
            "hasAttribute",
            "closest",
            "matches",
            "dispatchEvent",
            "requestSubmit",
            "setAttribute",
            "removeAttribute",
            "getRootNode",
            "isConnected",
            "enctype",
            "acceptCharset",
            "addEventListener",
            "contains",
            "parentNode",
            "append",
        ]
    )
    + "{}</form>",
    "names of the document's own": '<form method="post" action="/echo/a" {}>{}</form>'
    + "".join(
        f'<img name="{name}" src="data:," alt="">'
        for name in [
            "URL",
            "activeElement",
            "baseURI",
            "characterSet",
            "createElement",
            "createRange",
            "dispatchEvent",
            "documentElement",
            "getElementById",
            "head",
        ]
    ),
    "many of a select": '<form method="post" action="/echo/a" {}><select name="s" multiple>'
    "<option selected>1<option>2<option selected>3</select>{}</form>",
    "boxes": '<form method="post" action="/echo/a" {}><input type="checkbox" name="c" checked>'
    '<input type="checkbox" name="d"><input type="radio" name="r" value="1">'
    '<input type="radio" name="r" value="2" checked>{}</form>',
    "disabled": '<form method="post" action="/echo/a" {}><fieldset disabled><input name="a" value="1">'
    '</fieldset><input name="b" value="1" disabled><input name="c" value="1">{}</form>',
    "direction": '<form method="post" action="/echo/a" {}><input name="t" dirname="t.dir" value="x">{}</form>',
    "charset in a field": '<form method="post" action="/echo/a" {}><input type="hidden" name="_charset_">{}</form>',
    "charset of its own": '<form method="post" action="/echo/a" accept-charset="UTF-8" {}>'
    '<input name="text" value="ü">{}</form>',
    "button elsewhere": '<form id="f" method="post" action="/echo/a" {}><input name="a" value="1"></form>'
    '<input form="f" name="b" value="2"><button form="f" id="go" name="button" value="go">go</button>',
    "button that says where": '<form action="/echo/b" {}><input name="a" value="1"><button id="go" '
    'formaction="/echo/a" formmethod="post">go</button></form>',
    "button that says nothing": '<form action="/echo/a" method="post" {}><input name="a"><button id="go" formmethod="">go</button></form>',
    "button with a picture": '<form method="post" action="/echo/a" {}>'
    '<input type="image" id="go" name="at" alt="go" src="data:," style="width: 50px; height: 30px"></form>',
    "button without a name": '<form method="post" action="/echo/a" {}><input name="a" value="1">'
    '<input type="submit" id="go"></form>',
    "novalidate": '<form method="post" action="/echo/a" novalidate {}><input name="a" required>{}</form>',
    "this frame": '<form method="post" action="/echo/a" target="_SELF" {}>{}</form>',
    "this frame and no other": '<base target="_blank"><form method="post" action="/echo/a" target="_self" {}>{}</form>',
    "query in its address": '<form method="post" action="/echo/a?a=1#there" {}>{}</form>',
    "text that is wrapped hard": '<form method="post" action="/echo/a" {}>'
    '<textarea name="t" wrap="hard" cols="5">one two three four five</textarea>{}</form>',
    "kinds of fields": '<form method="post" action="/echo/a" {}><input type="date" name="d" value="2026-01-31">'
    '<input type="color" name="c" value="#ff0000"><input type="range" name="r" value="7"><input type="number" name="n" '
    'value="1.50"><input type="email" name="e" value=" a@example.com "><input type="url" name="u" value=" http://a.example/ ">{}</form>',
    "what is no field of it": '<form method="post" action="/echo/a" {}><output name="o">1</output><datalist><input name="l" '
    'value="1"></datalist><select name="s"><option disabled selected>1</select><input value="1"><meter name="m" value="1"></meter>{}</form>',
    "fields that a listener adds": '<form method="post" action="/echo/a" {}>{}</form><script nonce="first">document.forms[0]'
    '.addEventListener("formdata", ({{ formData }}) => formData.append("added", "a\\nb"))</script>',
    "query alone as its address": '<base href="/echo/a"><form method="post" action="?x=1" {}><input name="a" value="1">{}</form>',
    "place alone as its address": '<base href="/echo/a"><form action="#there" {}><input name="a" value="1">{}</form>',
    "characters that are none": '<form method="post" action="/echo/a" {}><input name="a" value="1"></form>'
    '<script nonce="first">document.forms[0].id = "f"; document.forms[0].elements.a.value = "a\\u0000\\ud800b\\u2028"</script>'
    '<button form="f" id="go" name="button" value="go">go</button>',
    "no field": '<form method="post" action="/echo/a" {}><button id="go">go</button></form>',
    "get that says it has files": '<form enctype="multipart/form-data" action="/echo/a" {}>{}</form>',
}

# Shapes that the socket cannot carry. The browser sends them, as if there were no socket.
LEFT = {
    "file": '<form method="post" action="/echo/a" enctype="multipart/form-data" {}><input type="file" name="f">{}</form>',
    "file by name": '<form method="post" action="/echo/a" {}><input type="file" name="f">{}</form>',
    "plain": '<form method="post" action="/echo/a" enctype="text/plain" {}>{}</form>',
    "button that says files": '<form method="post" action="/echo/a" {}><button id="go" '
    'formenctype="multipart/form-data">go</button></form>',
    "another charset": '<form method="post" action="/echo/a" accept-charset="iso-8859-1" {}>'
    '<input name="text" value="ü">{}</form>',
    "long": '<form method="post" action="/echo/a" {}><textarea name="text">'
    + "😀" * 70_000
    + "</textarea>{}</form>",
    "off": '<form method="post" action="/echo/a" {}="false">{}</form>',
    "off for one button": '<form method="post" action="/echo/a" {}><button id="go" data-realtime="false">go</button></form>',
    "in what people wrote": '<div data-realtime-ignore><p><form method="post" action="/echo/a" {}>{}</form></div>',
    "sent by what people wrote": '<form id="f" method="post" action="/echo/b" {}></form>'
    '<div data-realtime-ignore><button id="go" form="f" formaction="/echo/a">go</button></div>',
    "place that there is not": '<form method="post" action="/echo/a" {} data-realtime-target="#nowhere">{}</form>',
}


def send(person, site, shape, attribute):
    """Send the form of *shape* as a person does; return what the app received and what the person
    sees."""
    site.show(shape.format(attribute, GO))
    person.visit("/page")
    before = person.run("history.length")
    # Playwright's own click() fails on a form with a field named getAttribute.
    corner = person.run("() => document.querySelector('#go').getBoundingClientRect().toJSON()")

    person.page.mouse.click(corner["x"] + 7, corner["y"] + 9)
    person.wait_for("() => document.title === 'answer a'")

    seen = person.run(
        "() => [location.href, document.body.textContent, history.length, document.activeElement.localName]"
    )
    seen[2] -= before
    errors, person.errors = person.errors, []
    return site.wait_for_request(), seen, errors


@pytest.mark.parametrize("shape", CARRIED.values(), ids=CARRIED)
def test_form_is_the_same_over_the_socket(come, site, shape):
    """The app receives the same bytes as by HTTP, and the person sees the same page at the same
    address."""
    site.answer("a", main="<p>thanks</p>")
    person = come(site.url)

    by_http, seen_then, _ = send(person, site, shape, "")
    by_socket, seen_now, errors = send(person, site, shape, "data-realtime")

    assert (by_http.pop("by"), by_socket.pop("by")) == ("HTTP", "socket")
    assert by_socket == by_http
    assert seen_now == seen_then
    assert errors == []


@pytest.mark.parametrize("shape", LEFT.values(), ids=LEFT)
def test_form_that_no_message_can_carry_is_sent_by_the_browser(come, site, shape):
    """Forms with files, another charset or very long texts are sent by HTTP, as are forms that need
    the browser itself."""
    sent, _, errors = send(come(site.url), site, shape, "data-realtime")

    assert sent["by"] == "HTTP"
    if READS_CONSOLE:
        assert bool(errors) == ("#nowhere" in shape)


@not_in("webkit", "whose driver cannot run a script before those of the page")
def test_button_is_sent_where_formdata_takes_none(come, site):
    """Safari before 16.4, and other browsers before 2023, cannot give FormData a button. They send
    the form themselves, with its button."""
    site.show(CARRIED["post"].format("data-realtime", GO))
    person = come(site.url)
    person.page.add_init_script(
        "window.FormData = class extends FormData { constructor(form) { super(form); } };"
    )
    person.visit("/page")

    person.click("#go")
    sent = site.wait_for_request()

    assert sent["by"] == "HTTP"
    assert sent["body"].endswith("&button=go")
