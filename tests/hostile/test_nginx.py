"""Paths that nginx refuses by its rules are also refused in calls over a socket through nginx."""

import pytest
from websockets.exceptions import InvalidStatus

from tests.eventually import eventually
from tests.integration.browsers import Browser
from tests.integration.serving import ServerProcess

from . import nginx
from .conftest import APPS

pytestmark = pytest.mark.skipif(nginx.PATH is None, reason="nginx is not installed")

ZONE = "limit_req_zone $binary_remote_addr zone=login:1m rate=1r/m;"
GUARDS = """
location = /metrics { deny all; }
location /admin/ { auth_basic staff; auth_basic_user_file people; PASS }
location /internal/ { internal; PASS }
location = /login { limit_req zone=login burst=2 nodelay; PASS }
location = /whoami { PASS proxy_set_header X-Authentik-Username $http_x_test_user; }
"""
GUARDED = {"/metrics": 403, "/admin/users": 401, "/internal/report": 404}
# Spellings of a path that one program may take for the path, and another for a different path.
DISGUISES = ["{}", "/{}", "/.{}", "/rooms/..{}", "{}/", "{}?x=1", "{}#x", "{};x", "/%2e{}", "{}%00"]
IDENTITY = ["X-Authentik-Username", "x-authentik-username", "X_Authentik_Username", "Remote-User"]


@pytest.fixture(scope="module", params=["gevent", "gthread"])
def server(request):
    with ServerProcess(request.param, "proxied:app", folder=APPS) as server:
        yield server


@pytest.fixture(scope="module")
def proxy(server, tmp_path_factory):
    """nginx with the configuration from the README, and further rules for some paths."""
    folder = tmp_path_factory.mktemp("nginx")
    (folder / "people").write_text("staff:{PLAIN}password\n")
    with nginx.Nginx(folder, server, ZONE, GUARDS) as proxy:
        yield proxy


@pytest.fixture
def visitor(proxy):
    return Browser(proxy.url)


@pytest.fixture
def socket(visitor):
    with visitor.open(visitor.page("/rooms/1"), origin=visitor.url) as socket:
        yield socket


def test_what_the_app_opens_works_through_the_proxy(visitor, socket):
    """Pages, sockets, pushes and calls work; the app knows the visitor's address and its own."""
    reply = socket.call("/rooms/1/messages", method="post", input={"text": "hi"})
    who = socket.call("/whoami")["body"]

    assert reply["status"] == 204
    assert socket.payloads(1) == ["hi"]
    assert who == visitor.get("/whoami").json()
    assert (who["address"], who["url"]) == ("127.0.0.1", f"{visitor.url}/whoami")


@pytest.mark.parametrize("path", GUARDED)
def test_path_that_nginx_refuses_is_refused_over_a_socket(visitor, socket, server, path):
    """No spelling of the path gets past the rules, and no function of the app runs."""
    by_http = visitor.http.get(visitor.url + path).status_code
    before = Browser(server.url).get("/seen").json()

    replies = [socket.call(spelling.format(path)) for spelling in DISGUISES]

    assert by_http == GUARDED[path]
    assert {reply["status"] for reply in replies} <= {400, 421}
    assert (replies[0]["status"], replies[0]["refused"]) == (421, "call")
    assert "secret" not in str(replies)
    after = Browser(server.url).get("/seen").json()
    assert [one for one in after[len(before) :] if one != "GET /seen"] == []


def test_log_in_that_nginx_slows_down_is_not_tried_over_a_socket(visitor, socket, server):
    """By HTTP only a few passwords are tried, over a socket none."""
    fields = [{"password": str(number)} for number in range(100)]
    by_http = [visitor.http.post(f"{visitor.url}/login", data=one).status_code for one in fields]

    replies = [socket.call("/login", method="post", input=one) for one in fields]

    assert by_http.count(503) >= 90
    assert {reply["status"] for reply in replies} <= {421, 429}
    seen = Browser(server.url).get("/seen").json()
    assert seen.count("POST /login") == 100 - by_http.count(503)


@pytest.mark.parametrize("name", IDENTITY)
def test_header_by_which_nginx_says_who_asks_is_not_taken_from_a_message(visitor, socket, name):
    """By HTTP nginx replaces the header; in a call it is refused."""
    assert visitor.get("/whoami", headers={"X-Test-User": "ada"}).json()["user"] == "ada"
    assert visitor.get("/whoami", headers={"X-Authentik-Username": "admin"}).json()["user"] is None

    assert socket.call("/whoami", headers={name: "admin"})["status"] == 400
    assert socket.call("/whoami")["body"]["user"] is None


def test_lines_for_limits_by_address_work_as_they_are_printed(server, tmp_path):
    """nginx limits the sockets of an address, but not its pages; a closed socket frees a place."""
    lines = nginx.security()
    assert lines.count("sockets 50;") == 1
    with nginx.Nginx(tmp_path, server, lines.replace("sockets 50;", "sockets 3;")) as proxy:
        visitor = Browser(proxy.url)
        pages = [visitor.page("/rooms/1") for _ in range(8)]
        sockets = [visitor.open(page) for page in pages[:3]]

        assert status_of_one_more(visitor, pages[3]) == 503
        assert visitor.get("/rooms/1").status_code == 200

        sockets.pop().close()
        eventually(lambda: status_of_one_more(visitor, pages[3]) == 101, explain=proxy.log)
        for socket in sockets:
            socket.settle()
            socket.close()


def status_of_one_more(visitor, page):
    """Return the status of the handshake of one more socket, which is closed at once."""
    try:
        visitor.open(page).close()
    except InvalidStatus as error:
        return error.response.status_code
    return 101
