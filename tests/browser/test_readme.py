"""Somebody tries the README's first example in a browser."""

import requests

from tests.eventually import DEADLINE

from ..integration.serving import ServerProcess
from ..test_readme import FIRST


def test_what_is_posted_to_the_first_example_is_shown(come, tmp_path):
    """The first example, saved, run and posted to as the README says, shows the posted text in an
    open page."""
    (tmp_path / "readme_app.py").write_text(FIRST)
    with ServerProcess("dev", app="readme_app", folder=tmp_path) as server:
        person = come(server.url)
        person.visit("/")
        requests.post(server.url, data={"text": "hello"}, timeout=DEADLINE)

        person.wait_for("() => document.querySelector('ul').textContent === 'hello · '")
    person.forgive("Failed to load resource: the server responded with a status of 404")
