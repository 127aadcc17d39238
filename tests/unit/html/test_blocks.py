"""The output of blocks is recorded while their own view renders the whole page."""

import threading

import pytest
from flask import (
    Flask,
    flash,
    get_flashed_messages,
    render_template,
    render_template_string,
    session,
)
from jinja2 import DictLoader, Template

from flask_realtime.html.blocks import want_blocks, wanted_blocks

TEMPLATES = {
    "base.html": "<h1>{% block title %}Base{% endblock %}</h1>{% block main %}{% endblock %}"
    "{% block foot %}foot of {{ name }}{% endblock %}",
    "page.html": "{% extends 'base.html' %}{% set mark = '!' %}"
    "{% block title %}{{ super() }}: {{ name }}{{ mark }}{% endblock %}"
    "{% block main %}{% block inner %}{{ name }}{% endblock %} main{% endblock %}",
    "admin.html": "{% if is_admin %}{% block admin %}secret{% endblock %}{% endif %}"
    "{% block all %}for all{% endblock %}",
    "flashes.html": "<p>{{ get_flashed_messages() }}</p>{% block news %}"
    "{{ get_flashed_messages() }}{% endblock %}<p>{{ get_flashed_messages() }}</p>",
    "layout.html": "<p>{{ get_flashed_messages() }}</p>{% block news %}none{% endblock %}",
    "nested.html": "{% block outer %}{{ get_flashed_messages() }}{% block inner %}i{% endblock %}"
    "{{ get_flashed_messages() }}{% endblock %}",
    "siblings.html": "{% block first %}{{ get_flashed_messages() }}{% endblock %}"
    "{% block second %}{{ get_flashed_messages() }}{% endblock %}",
    "includes.html": "{% include 'base.html' %}",
}


@pytest.fixture(params=[False, True], ids=["plain", "async"])
def app(request):
    app = Flask(__name__)
    app.secret_key = "secret"
    app.jinja_options = {"enable_async": request.param}
    app.jinja_loader = DictLoader(TEMPLATES)
    app.jinja_env.globals["get_flashed_messages"] = get_flashed_messages
    return app


def noted(app, names, *template, **variables):
    """Return the recorded output of the blocks while a template is rendered, and the template's
    whole output."""
    with app.test_request_context("/"):
        wanted = want_blocks(app, names)
        html = render_template(*template, **variables)
    return all_of(wanted, html), html


def run_in_thread(function):
    thread = threading.Thread(target=function)
    thread.start()
    thread.join()


def all_of(wanted, page):
    """The output of each block that a page shows."""
    return {name: made[0] for name in wanted.names if (made := wanted.outputs(name, page))}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("title", "Base: Ann!"),
        ("main", "Ann main"),
        ("inner", "Ann"),
        ("foot", "foot of Ann"),
    ],
)
def test_block_is_what_the_page_shows(app, name, expected):
    """A block's output includes parents, super(), inner blocks and earlier assignments."""
    with app.test_request_context("/"):
        whole = render_template("page.html", name="Ann")

    rendered, html = noted(app, [name], "page.html", name="Ann")

    assert rendered == {name: expected}
    assert html == whole


def test_several_blocks_of_one_rendering(app):
    """One rendering gives all blocks that a page asks for."""
    rendered, _ = noted(app, ["title", "foot", "nothing"], "page.html", name="Ann")

    assert rendered == {"title": "Base: Ann!", "foot": "foot of Ann"}


@pytest.mark.parametrize("is_admin", [False, True])
def test_block_that_the_page_leaves_out_is_not_there(app, is_admin):
    """A block that the page's own condition leaves out has no output."""
    rendered, _ = noted(app, ["admin", "all"], "admin.html", is_admin=is_admin)

    assert rendered == ({"admin": "secret"} if is_admin else {}) | {"all": "for all"}


def test_what_another_request_renders_meanwhile_is_not_noted(app):
    """A view has the app answer another request, whose blocks are not recorded."""
    app.add_url_rule("/other", "other", lambda: render_template("base.html", name="other"))

    with app.test_request_context("/"):
        wanted = want_blocks(app, ["title"])
        page = render_template("page.html", name="Ann")
        app.test_client().get("/other")

    assert all_of(wanted, page) == {"title": "Base: Ann!"}


def test_block_of_an_included_template_is_not_noted(app):
    """An include may stand in a loop, so its blocks are not recorded."""
    rendered, _ = noted(app, ["title"], "includes.html", name="Ann")

    assert rendered == {}


def test_template_that_is_the_page_counts(app):
    """A view renders an e-mail before its page and a note after it. Blocks come from the page, even
    if the e-mail's block is so short that every page contains it."""
    with app.test_request_context("/"):
        wanted = want_blocks(app, ["title", "foot"])
        render_template_string("{% block title %}A{% endblock %} mail for Ann")
        page = render_template("page.html", name="Ann")
        render_template_string("{% block foot %}{% endblock %} note")
        render_template_string("{% block foot %}{% endblock %}")

    assert all_of(wanted, page) == {"title": "Base: Ann!", "foot": "foot of Ann"}


def test_block_that_the_page_leaves_out_is_no_other_templates(app):
    """A page leaves out a block that the view's e-mail has too. It is not taken from the e-mail."""
    with app.test_request_context("/"):
        wanted = want_blocks(app, ["admin"])
        page = render_template("admin.html", is_admin=False)
        render_template_string("{% block admin %}all{% endblock %} mail")

    assert all_of(wanted, page) == {}


def test_page_may_consist_of_several_templates(app):
    """A view joins two templates' outputs. The blocks of both are found."""
    with app.test_request_context("/"):
        wanted = want_blocks(app, ["top", "title"])
        top = render_template_string(
            "{% block top %}{% endblock %}<hr>{% block title %}{% endblock %}"
        )
        page = top + render_template("page.html", name="Ann")

    assert all_of(wanted, page) == {"top": "", "title": "Base: Ann!"}


def test_page_that_is_changed_behind_its_template_has_its_blocks(app):
    """The HTML is changed after rendering. The longest template that fits gives the blocks."""
    with app.test_request_context("/"):
        wanted = want_blocks(app, ["title"])
        page = render_template("page.html", name="Ann").replace("main", "chief")
        render_template_string("{% block title %}{% endblock %} mail")

    assert wanted.outputs("title", page) == ["Base: Ann!", ""]


def test_page_that_is_changed_around_an_icon_has_its_blocks(app):
    """The page is changed and holds an icon's template unchanged. The page gives the blocks."""
    with app.test_request_context("/"):
        wanted = want_blocks(app, ["title"])
        icon = render_template_string("<svg></svg>")
        page = icon + render_template("page.html", name="Ann").replace("main", "chief")

    assert wanted.outputs("title", page) == ["Base: Ann!"]


@pytest.mark.parametrize("name", ["root_render_func", "new_context"])
def test_template_that_two_threads_render_first_is_noted_by_both(app, name):
    """Two threads render a template first at the same time. Both record its blocks."""
    seen = []

    def render_in_another_request():
        with app.test_request_context("/"):
            wanted = want_blocks(app, ["admin"])
            page = render_template("admin.html", is_admin=False)
            render_template_string("{% block admin %}all{% endblock %} mail")
            seen.append(all_of(wanted, page))

    class Interrupted(Template):
        def __setattr__(self, name, value):
            super().__setattr__(name, value)
            if vars(self).get("interrupts_at") == name:
                self.interrupts_at = None
                run_in_thread(render_in_another_request)

    app.jinja_env.template_class = Interrupted
    app.jinja_env.get_template("admin.html").interrupts_at = name

    noted(app, ["admin"], "admin.html")

    assert seen == [{}]


def test_block_that_differs_from_pass_to_pass_has_no_output(app):
    """A block in a loop with different outputs has no output; with the same output each time it has
    one."""
    with app.test_request_context("/"):
        wanted = want_blocks(app, ["a", "b"])
        page = render_template_string(
            "{% for n in (1, 2) %}{% block a scoped %}{{ n }}{% endblock %}"
            "{% block b %}b{% endblock %}{% endfor %}"
        )

    assert (wanted.outputs("a", page), wanted.outputs("b", page)) == (None, ["b"])


def test_flashed_messages_are_left_to_the_page(app):
    """A layout shows flashed messages outside of the wanted block. The messages stay for the next
    page."""
    with app.test_request_context("/"):
        flash("Saved.")
        want_blocks(app, ["news"])
        render_template("layout.html")
        assert get_flashed_messages() == []
        assert session["_flashes"] == [("message", "Saved.")]


def test_flashed_messages_of_a_wanted_block_are_shown_there(app):
    """The wanted block shows flashed messages, once, as usual."""
    with app.test_request_context("/"):
        flash("Saved.")
        wanted = want_blocks(app, ["news"])
        page = render_template("flashes.html")

        assert all_of(wanted, page) == {"news": "[&#39;Saved.&#39;]"}
        assert "_flashes" not in session


def test_page_that_is_wanted_whole_is_not_touched(app):
    """A template that was rendered for a block serves whole pages as before."""
    noted(app, ["title"], "page.html", name="Ann")

    with app.test_request_context("/"):
        flash("Saved.")
        html = render_template("flashes.html")
        assert wanted_blocks() is None

    assert "Saved." in html


def test_known_blocks_are_those_of_the_templates(app):
    """The list of blocks that an error shows in debug mode holds those of the rendered
    templates."""
    with app.test_request_context("/"):
        wanted = want_blocks(app, ["titel"])
        render_template("page.html", name="Ann")

    assert wanted.known == ["foot", "inner", "main", "title"]


@pytest.mark.parametrize(
    ("template", "blocks"),
    [("nested.html", ["outer", "inner"]), ("siblings.html", ["first", "second"])],
)
def test_blocks_that_are_asked_for_together_show_the_page_s_messages(app, template, blocks):
    """Each of several wanted blocks shows the page's flashed messages."""

    def render():
        flash("Saved.")
        return render_template(template)

    with app.test_request_context("/"):
        page = render()
    with app.test_request_context("/"):
        wanted = want_blocks(app, blocks)
        html = render()

    assert page.count("Saved.") == 2
    shown = all_of(wanted, html)
    assert all(shown[name] in page for name in blocks)
    assert sum(shown[name].count("Saved.") for name in blocks) == 2


def test_what_a_view_adds_to_its_messages_is_shown_to_nobody_else(app):
    """A view appends to Flask's own list of flashed messages, which no other request shows."""
    shown = []
    for name in ["Ann", "Bob"]:
        with app.test_request_context("/"):
            wanted = want_blocks(app, ["news"])
            news = get_flashed_messages(with_categories=True)
            news.append(("hello", name))
            page = render_template_string("{% block news %}{{ news }}{% endblock %}", news=news)
            shown.append(wanted.outputs("news", page))

    assert "Bob" in shown[1][0]
    assert "Ann" not in shown[1][0]
