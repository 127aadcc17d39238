"""A test waits for something in a page that another page takes the place of meanwhile."""

import pytest
from playwright.sync_api import Error

from .kinds import not_in

pytestmark = pytest.mark.shares_tabs

# Has a page come in three parts.
COME = """() => {
  document.open();
  document.write("<head><title>anew</title>");
  setTimeout(() => document.write("<body data-mark=new><p>first</p>"), 100);
  setTimeout(() => document.write("<p id=last>last</p>"), 200);
  setTimeout(() => document.close(), 300);
}"""


@pytest.fixture
def person(come):
    person = come("")
    person.page.goto("about:blank")
    return person


@pytest.mark.parametrize(
    ("expression", "argument"),
    [
        ("name => document.body.dataset[name] === 'new'", "mark"),
        ("text => document.querySelector('#last').textContent === text", "last"),
    ],
)
def test_what_has_not_come_yet_is_waited_for(person, expression, argument):
    """The new page has no body yet, or lacks the element that the test looks at. The test waits."""
    person.run(COME)

    person.wait_for(expression, argument)

    assert person.run("document.title") == "anew"


@not_in("firefox", "Playwright passes over such errors until the deadline")
@not_in("webkit", "its driver passes over such errors until the deadline")
def test_mistake_in_what_is_waited_for_is_told(person):
    """What a test waits for fails in a page that has come whole. The test fails at once."""
    with pytest.raises(Error, match="nothing"):
        person.wait_for("() => nothing.at.all")
