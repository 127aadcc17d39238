"""Subscriptions that a request makes for its page, and which of them last after the response."""

from __future__ import annotations

import pytest
from flask import redirect, render_template_string

from flask_realtime.errors import RegistryUnavailable
from flask_realtime.identity.keys import digest
from flask_realtime.page.client import current_client
from flask_realtime.protocol.pushes import Push

from ..warned import assert_few_lines_tell_of
from .pages import HEADER, KEY, OPEN, PAGE, SCRIPTED, clients, id_of

# The page that the request renders.


def test_page_that_comes_is_subscribed_before_its_view_goes_on(grants, process, ask):
    """A view subscribes its page and then reads its data. A push in between is among the first
    messages of the page's socket."""

    def view():
        grants.subscribe(["a"])
        (position,) = process.registry.publish([Push("a", "1", None)])
        seen.append(position)
        return PAGE

    seen = []
    ask(view)

    ((found, channels),) = clients(process).items()
    assert channels == {"a"}
    assert process.registry.subscriptions([found])[found]["a"].since == seen[0]._replace(
        seq=0, tag=""
    )


@pytest.mark.parametrize("status", [200, 201, 422])
def test_page_that_comes_keeps_what_a_success_granted(grants, process, ask, status):
    """A form that is shown again with its errors (422) is a page, and stays subscribed."""
    ask(lambda: grants.subscribe(["a"]) or (PAGE, status))

    assert list(clients(process).values()) == [{"a"}]


@pytest.mark.parametrize("status", [400, 403, 404, 500])
def test_page_that_comes_with_a_refusal_hears_nothing(grants, process, ask, status):
    """A view subscribes and then refuses. The subscription is removed before the response is
    sent."""
    response = ask(lambda: grants.subscribe(["a"]) or (PAGE, status))

    assert response.status_code == status
    assert clients(process) == {}


@pytest.mark.parametrize("asked", [{"headers": {"X-Realtime-Block": "rows"}}, {"method": "HEAD"}])
@pytest.mark.parametrize("user", ["ada", None])
def test_request_for_less_than_a_page_leaves_nothing(grants, process, ask, asked, user):
    """A stranger or a user asks for blocks, or by HEAD, and names no page. Nobody sees the page
    that the view renders for that, and the registry does not keep it, however often it is asked."""

    def view():
        grants.subscribe(["a"])
        return render_template_string(SCRIPTED)

    ask(view, user=user, **asked)

    assert clients(process) == {}


@pytest.mark.parametrize(
    "answer", [lambda: {"json": 1}, lambda: redirect("/x"), lambda: "no body", lambda: ("", 204)]
)
def test_response_that_is_no_page_leaves_nothing(grants, process, ask, answer):
    """A before_request function subscribes for every request. A file's response starts no session
    and leaves no subscription."""
    response = ask(lambda: grants.subscribe(["a"]) or answer(), has_session=False)

    assert clients(process) == {}
    assert "Set-Cookie" not in response.headers


def test_response_that_hands_out_the_id_is_a_page(grants, process, ask):
    """JSON with the connection id, for a single-page app, keeps its subscriptions."""

    def view():
        grants.subscribe(["a"])
        client = current_client()
        client.is_given_out = True
        return {"id": client.connection_id()}

    response = ask(view, has_session=False)

    assert list(clients(process).values()) == [{"a"}]
    assert "Set-Cookie" in response.headers


def test_head_subscribes_nobody(grants, process, ask):
    """A response to HEAD has no body with an id, and leaves no subscription."""
    ask(lambda: grants.subscribe(["a"]) or PAGE, method="HEAD")

    assert clients(process) == {}


def away(*_args):
    raise RegistryUnavailable("away")


def test_page_is_rendered_without_a_registry_and_says_so(grants, process, ask, caplog):
    """The registry is unavailable. The page is rendered, says that it is not subscribed, and
    reloads once its socket is open."""
    process.registry.subscribe = away

    def view():
        grants.subscribe(["a"])
        grants.subscribe(["b"])
        return render_template_string("<body>{{ realtime_script() }}</body>")

    response = ask(view)

    assert response.status_code == 200
    assert 'data-subscribed="true"' in response.text
    assert [record.levelname for record in caplog.records] == ["WARNING"]


def subscribed_page(grants, process):
    process.registry.subscribe = away
    grants.subscribe(["a"])
    return PAGE


def page_of_a_user(grants, process):
    process.registry.subscribe = away
    return render_template_string(SCRIPTED)


def refused_page(grants, process):
    grants.subscribe(["a"])
    process.registry.forget_client = away
    return PAGE, 403


@pytest.mark.parametrize(
    ("view", "stored"),
    [(subscribed_page, {}), (page_of_a_user, {"user": "42"}), (refused_page, {})],
)
def test_strangers_fill_no_log_while_the_registry_is_away(
    grants, granting, process, caplog, view, stored
):
    """Anybody may ask for pages as often as they like. The warnings get one line a second, which
    says how many it stands for."""
    granting.add_url_rule("/", "view", lambda: view(grants, process))
    browser = granting.test_client()
    with browser.session_transaction() as opened:
        opened.update(socket_key=KEY, **stored)

    for _ in range(20):
        browser.get("/")

    assert_few_lines_tell_of(20, caplog)


def test_page_that_could_be_subscribed_only_in_part_is_not_known_at_all(grants, process, ask):
    """The registry fails at the second of two subscriptions. The page stays unknown, so that it
    reloads; otherwise it would not learn that it misses pushes."""
    subscribe = process.registry.subscribe

    def view():
        grants.subscribe(["a"])
        process.registry.subscribe = away
        grants.subscribe(["b"])
        return PAGE

    response = ask(view)
    process.registry.subscribe = subscribe

    connection_id = id_of(response)
    assert process.registry.connect(digest("secret", KEY, connection_id), "1").subscriptions is None


def test_refusal_that_cannot_be_taken_back_is_503(grants, process, ask):
    """A view subscribes and then refuses, and the registry does not confirm the removal. The
    response is 503, which no cache keeps."""

    def view():
        grants.subscribe(["a"])
        process.registry.forget_client = away
        page = render_template_string("<body>{{ realtime_connection_id() }}</body>")
        return page, 403, {"CDN-Cache-Control": "max-age=60"}

    response = ask(view)

    assert response.status_code == 503
    assert response.headers["Retry-After"]
    assert response.headers["Cache-Control"] == "no-store"
    assert "CDN-Cache-Control" not in response.headers
    assert "<body" not in response.text


# A page that is open already.


@pytest.mark.parametrize(("status", "channels"), [(200, {"a"}), (204, {"a"})])
def test_open_page_is_subscribed_once_its_request_has_succeeded(
    grants, process, ask, status, channels
):
    """A request of an open page subscribes it, from the channel's position at the time of the
    call."""

    def view():
        grants.subscribe(["a"])
        before.append(clients(process))
        process.registry.publish([Push("a", "1", None)])
        return "", status

    before = []
    ask(view, method="POST", headers=HEADER)

    assert before == [{}]
    assert clients(process) == {OPEN: channels}
    assert process.registry.subscriptions([OPEN])[OPEN]["a"].since.seq == 0


@pytest.mark.parametrize("status", [302, 400, 403, 404, 422, 500])
def test_open_page_hears_nothing_of_what_refuses_it(grants, process, ask, status):
    """A view subscribes an open page and then refuses. The page receives nothing, not even what was
    pushed while the view ran."""
    ask(lambda: grants.subscribe(["a"]) or ("", status), method="POST", headers=HEADER)

    assert clients(process) == {}


def test_open_page_is_not_subscribed_by_head(grants, process, ask):
    """A HEAD request of an open page subscribes it to nothing."""
    ask(lambda: grants.subscribe(["a"]) or "", method="HEAD", headers=HEADER)

    assert clients(process) == {}


def test_open_page_leaves_a_channel_that_it_was_about_to_enter(grants, process, ask):
    """A view subscribes and then unsubscribes an open page. The last call counts."""

    def view():
        grants.subscribe(["a", "b"])
        grants.unsubscribe(["b"])
        return ""

    ask(view, method="POST", headers=HEADER)

    assert clients(process)[OPEN] == {"a"}


@pytest.mark.parametrize("name", ["read", "subscribe"])
def test_open_page_is_an_error_without_a_registry(grants, process, ask, granting, name):
    """The registry is unavailable. The request of an open page fails, during the view or after it,
    because the page itself cannot be told."""
    setattr(process.registry, name, away)
    granting.register_error_handler(RegistryUnavailable, lambda error: ("told", 202))

    response = ask(lambda: grants.subscribe(["a"]) or "", method="POST", headers=HEADER)

    assert (response.status_code, response.text) == (202, "told")
