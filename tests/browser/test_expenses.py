"""People share expenses in an app with Flask-Talisman, Flask-Limiter and a URL prefix."""

import pytest
import requests

from ..integration.conftest import unexpected_tracebacks
from .front import Front

PREFIX = "/shared"


@pytest.fixture(scope="module")
def server(serve, redis_url):
    with serve("expenses", LIMITS=redis_url) as server:
        yield server
        log = server.log()
    assert unexpected_tracebacks(log) == []


@pytest.fixture(scope="module")
def proxy(server):
    with Front(server.port, PREFIX) as front:
        yield front


@pytest.fixture
def front(server, proxy):
    """A proxy that ends TLS and strips the prefix, before an app in which nothing has happened
    yet: limits last for a day."""
    got = requests.get(f"{server.url}/begin-anew", headers={"X-Forwarded-Proto": "https"})
    assert got.status_code == 204
    return proxy


@pytest.fixture
def people(come, front):
    """A function that opens the app for a person who shares expenses."""

    def enter(name):
        person = come(front.url, PREFIX, ignore_https_errors=True)
        person.visit(f"/as/{name}")
        return person

    return enter


def add(person, amount):
    person.fill("[name=amount]", str(amount))
    person.click("button")


def expect_balance(person, text):
    person.wait_until_reads("p", text)


def test_expense_is_seen_by_all_who_share_each_with_their_own_balance(people, front):
    """A person adds an expense by a form over the socket, under a policy with nonces. Everybody
    sees the expense, and each their own balance."""
    ada, ben = people("ada"), people("ben")
    methods = []
    ada.page.on("request", lambda one: methods.append(one.method))

    add(ada, 10)

    for person in (ada, ben):
        person.wait_until_all_read("#expenses li", ["ada paid 10"])
    expect_balance(ada, "ada: 5")
    expect_balance(ben, "ben: -5")
    assert "POST" not in methods
    assert ada.page.url == f"{front.url}{PREFIX}/"


def test_limit_holds_over_the_socket_for_one_person_alone(people):
    """A person's fourth expense of a day is refused, over the socket and by HTTP. The page stays,
    and others may add expenses."""
    ada, ben = people("ada"), people("ben")
    for number in range(1, 4):
        add(ada, number)
        ada.wait_for_count("#expenses li", number)

    add(ada, 4)
    ada.wait_for("() => refused.length")
    by_http = ada.run(
        """(url) => realtime.fetch(url, {
            method: "post", body: new URLSearchParams(new FormData(document.forms[0])),
        }).then(({ status }) => status)""",
        f"{PREFIX}/expenses",
    )
    add(ben, 5)

    ada.wait_until_all_read(
        "#expenses li", ["ada paid 1", "ada paid 2", "ada paid 3", "ben paid 5"]
    )
    assert (ada.run("refused"), by_http) == ([429], 429)
    ada.forgive("Failed to load resource: the server responded with a status of 429")


def test_handlers_have_limits_of_their_own(people):
    """A person who has used up the limit of one handler may still use another."""
    ada = people("ada")
    send = "action => realtime.send(action, 'ben').then(({ status, body }) => [status, body])"

    reminded = [ada.run(send, "remind")[0] for _ in range(13)]
    thanked = ada.run(send, "thank")

    assert reminded == [200] * 12 + [429]
    assert thanked == [200, "thanked ben"]


def test_page_keeps_its_policy_and_its_secure_cookie(people, come, front):
    """The page's Content-Security-Policy needs the nonce for our script and nothing else, and the
    session cookie is sent over HTTPS only."""
    ada = people("ada")
    response = ada.page.goto(f"{front.url}{PREFIX}/")
    ada.wait_until_open()

    [cookie] = ada.context.cookies()
    assert "'unsafe-inline'" not in response.headers["content-security-policy"]
    assert (cookie["secure"], cookie["sameSite"]) == (True, "Lax")
