"""Which page a request names, and whether it acts on it."""

import flask
import pytest

from flask_realtime.page.naming import asking_page, open_page

ID = "an-id-of-this-page"
HEADER = {"X-Realtime-Connection-Id": ID}
QUERY = {"query_string": {"socket_connection_id": ID}}
FORM = {"method": "POST", "data": {"socket_connection_id": ID}}
JSON = {"method": "POST", "json": {"socket_connection_id": ID}}


def named(function, mode=None, headers=(), **options):
    headers = dict(headers)
    if mode:
        headers["Sec-Fetch-Mode"] = mode
    with flask.Flask(__name__).test_request_context(headers=headers, **options):
        return function(True)


@pytest.mark.parametrize("options", [{"headers": HEADER}, QUERY, FORM, JSON])
@pytest.mark.parametrize("mode", ["cors", "same-origin", "no-cors"])
def test_script_may_name_its_page_anywhere(mode, options):
    """No navigation is sent so."""
    assert named(open_page, mode, **options) == ID


@pytest.mark.parametrize("options", [{"headers": HEADER}, QUERY, FORM, JSON])
def test_navigation_names_no_page_that_it_could_act_on(options):
    """It is left out where the app leaves out who asks, and that is all."""
    assert named(open_page, "navigate", **options) is None
    assert named(asking_page, "navigate", **options) == ID


@pytest.mark.parametrize(("options", "counts"), [(QUERY, False), (FORM, False), (JSON, True)])
def test_browser_that_does_not_say_is_heeded_where_it_must_be_a_script(options, counts):
    """An old browser's link or form may be anybody's; our header and JSON are a script's."""
    assert named(open_page, **options) == (ID if counts else None)
    assert named(open_page, headers=HEADER, **options) == ID
