"""A commit refreshes the blocks of pages, among them the page that asked for the commit."""

import pytest

from ..integration.serving import ServerProcess
from .conftest import APPS


@pytest.fixture(scope="module")
def orders_server():
    with ServerProcess("gevent", "orders:app", folder=APPS) as server:
        yield server


def test_who_orders_sees_the_order_too(come, orders_server):
    """A person orders by a form whose response is empty. Both blocks of that page show the order,
    as on all other pages."""
    ada, ben = come(orders_server.url), come(orders_server.url)
    for person in (ada, ben):
        person.visit("/")

    ada.page.fill("[name=what]", "tea")
    ada.page.press("[name=what]", "Enter")

    for person in (ben, ada):
        person.wait_for("() => document.querySelector('b').textContent === '1'")
        assert person.page.inner_text("ul") == "tea"
