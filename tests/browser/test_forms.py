"""Forms and links with data-realtime use the socket while it is open, and HTTP otherwise."""

import json

import pytest

pytestmark = pytest.mark.shares_tabs


@pytest.fixture
def form(ada):
    """A person who looks at the page with the form."""
    ada.visit("/form")
    return ada


@pytest.fixture
def form_without_socket(ada):
    """A person who looks at the page with the form, and whose socket is closed."""
    ada.visit("/form")
    ada.run("realtime.close()")
    return ada


def submit(person, text, button="say"):
    person.page.fill("input[name=text]", text)
    person.page.click(f"#{button}")


def fields(person):
    """Return the fields that the app says it was sent."""
    return json.loads(person.page.inner_text("pre"))


@pytest.mark.parametrize("has_socket", [True, False], ids=["socket", "http"])
def test_form_sends_the_same_fields_either_way(ada, has_socket):
    """A form sends repeated fields and the pressed button over the socket as by HTTP, and the page
    shows the answer."""
    ada.visit("/form")
    if not has_socket:
        ada.run("realtime.close()")

    submit(ada, "hello")

    expected = {"text": ["hello"], "many": ["1", "2"], "button": ["say"], "files": [], "long": 0}
    assert fields(ada) == expected
    assert ada.page.inner_text("h1") == f"said by {'the socket' if has_socket else 'HTTP'}"
    ada.forgive("Failed to load resource: the server responded with a status of 422")


def test_redirect_of_a_form_is_followed_by_the_browser(form):
    """When a view redirects after a form, the browser goes to that page."""
    with form.page.expect_navigation():
        submit(form, "redirect")

    assert form.page.inner_text("h1") == "by the socket"


def test_redirect_to_a_script_is_not_followed(form):
    """A redirect to a javascript: address runs nothing, as by HTTP."""
    form.run("document.addEventListener('realtime:reply', () => (window.replied = true))")

    submit(form, "script")
    form.wait_for("() => window.replied")

    assert form.page.title() == "form"


def test_reply_is_an_event_whose_default_can_be_prevented(form):
    """A listener of the page prevents the default, and shows the reply to a form itself."""
    form.run(
        """document.addEventListener("realtime:reply", (event) => {
            event.preventDefault();
            window.reply = [event.target.tagName, event.detail.status];
        })"""
    )

    submit(form, "hello")
    form.wait_for("() => window.reply")

    assert form.run("reply") == ["FORM", 422]
    assert form.page.inner_text("h1") == "form"


def test_empty_answer_leaves_the_page_as_it_is(form):
    """A reply of 204 changes nothing in the page."""
    form.run("document.addEventListener('realtime:reply', () => (window.replied = true))")

    submit(form, "nothing")
    form.wait_for("() => window.replied")

    assert form.page.inner_text("h1") == "form"
    assert form.page.input_value("input[name=text]") == "nothing"


def test_button_says_where_its_form_goes_and_how(form):
    """The attributes formaction and formmethod of a button apply; the answer to a GET has its own
    address."""
    submit(form, "what", "other")
    form.page.wait_for_url("**/search?*")

    assert form.page.inner_text("h1") == "found by the socket"
    assert fields(form)["text"] == "what"
    assert "fixed" not in fields(form)


def test_form_that_is_not_valid_is_not_sent(form):
    """A person submits a form that the browser finds invalid. It is not sent."""
    form.page.click("#say")
    submit(form, "nothing")
    form.wait_for_frame('"id": "1"')

    assert '"status": 204' in form.frames[-1]


@pytest.mark.parametrize(
    "attributes",
    ["enctype=multipart/form-data", "target=_blank", "enctype=text/plain"],
)
def test_form_that_no_message_can_carry_goes_by_http(ada, attributes):
    """A form with files, or with a target in another window, goes by HTTP."""
    ada.visit(f"/form?attributes={attributes}")
    sent = []
    ada.context.on("request", lambda request: sent.append(request.method))

    submit(ada, "nothing")
    ada.wait_until(lambda: "POST" in sent)

    assert not [frame for frame in ada.frames if '"id": "1"' in frame]
    ada.forgive("Failed to load resource: the server responded with a status of 400")


def test_form_too_long_for_a_message_goes_by_http(form):
    """A form that exceeds the limit for messages goes by HTTP, and the socket stays open."""
    form.page.evaluate("document.querySelector('textarea').value = 'x'.repeat(300_000)")

    with form.page.expect_navigation():
        submit(form, "hello")

    assert form.page.inner_text("h1") == "said by HTTP"
    assert fields(form)["long"] == 300_000
    form.forgive("Failed to load resource: the server responded with a status of 422")


def test_link_shows_its_answer_in_its_target(form):
    """A person follows a link with a target. The view's answer appears there, and the page
    stays."""
    form.page.click("#list")
    form.page.wait_for_selector("#here b")

    assert form.page.inner_html("#here") == "<b>one</b>"
    assert form.page.inner_text("h1") == "form"


def test_link_without_a_socket_is_a_link(form_without_socket):
    """While the socket is closed, a link navigates as any link does."""
    form_without_socket.page.click("#list")
    form_without_socket.page.wait_for_url("**/items")

    assert form_without_socket.page.inner_text("b") == "by HTTP"


def test_link_that_redirects_is_followed(form):
    """When the view of a link redirects, the browser goes to that page."""
    form.page.click("#away")
    form.page.wait_for_url("**/on/away")

    form.wait_until_open()


def test_link_is_opened_in_a_new_tab_by_who_asks_for_it(form):
    """A person clicks a link with a modifier key, and it opens in a new tab."""
    with form.context.expect_page() as opened:
        form.page.click("#list", modifiers=["ControlOrMeta"])

    opened.value.wait_for_url("**/items")
    assert form.page.inner_html("#here") == ""
