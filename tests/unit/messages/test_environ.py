"""The environ of a call or a handler, made from the handshake's environ."""

from __future__ import annotations

import pytest
from flask import jsonify, request

from flask_realtime.messages.environ import Call, parts_to_decode

from ..conversations import Browser


def test_request_is_that_of_the_handshake_in_what_they_share(browser):
    """A message has the handshake's address, host, agent and language, and none of its WebSocket
    headers."""
    socket = browser.open_socket(
        {"do": lambda message: jsonify(sorted(request.environ)), "show": _show},
        REMOTE_ADDR="203.0.113.7",
        HTTP_HOST="app.example.com:5000",
        HTTP_X_TENANT="blue",
        HTTP_AUTHORIZATION="Basic eDp5",
        HTTP_IF_NONE_MATCH='"x"',
        REMOTE_USER="ann",
        **{
            "wsgi.url_scheme": "wss",
            "wsgi.input_terminated": True,
            "werkzeug.socket": object(),
            "gunicorn.socket": object(),
            "wsgi.early_hints": object(),
            "CONTENT_LENGTH": "5",
        },
    )

    keys = socket.say("do")["body"]
    shown = socket.say("show")["body"]

    assert shown == {
        "url": "https://app.example.com:5000/",
        "address": "203.0.113.7",
        "agent": "Browser/1.0",
        "languages": ["de"],
        "tenant": "blue",
        "user": "ann",
        "authorization": "Basic eDp5",
        "origin": "http://localhost",
        "referrer": "http://localhost/",
        "accept": "*/*",
    }
    assert not {
        "HTTP_UPGRADE",
        "HTTP_CONNECTION",
        "HTTP_SEC_WEBSOCKET_KEY",
        "HTTP_SEC_WEBSOCKET_VERSION",
        "HTTP_ACCEPT_ENCODING",
        "HTTP_CACHE_CONTROL",
        "HTTP_IF_NONE_MATCH",
        "CONTENT_TYPE",
        "wsgi.input_terminated",
        "wsgi.early_hints",
        "werkzeug.socket",
        "gunicorn.socket",
    }.intersection(keys)


def _show(message):
    return {
        "url": request.url,
        "address": request.remote_addr,
        "agent": request.user_agent.string,
        "languages": list(request.accept_languages.values()),
        "tenant": request.headers["X-Tenant"],
        "user": request.remote_user,
        "authorization": request.headers["Authorization"],
        "origin": request.origin,
        "referrer": request.referrer,
        "accept": request.headers["Accept"],
    }


# Flask before 3.1 restricts routing to the hosts of SERVER_NAME, and warns.
@pytest.mark.filterwarnings("ignore:Current server name")
def test_request_has_the_host_of_the_handshake_whatever_server_name_says(app, browser):
    """A message has the handshake's host; SERVER_NAME is only for URLs outside of requests."""
    app.config["SERVER_NAME"] = "configured.example"
    app.url_map.host_matching = False
    socket = browser.open_socket(
        {"do": lambda message: request.url}, HTTP_HOST="asked.example", SCRIPT_NAME="/prefix"
    )

    assert socket.say("do")["body"] == "http://asked.example/prefix/"


def test_request_has_of_the_environ_what_wsgi_and_http_define(app):
    """Keys that a middleware added for the handshake, such as a trace id, are not copied."""
    handshake = {
        "otel.start_time": 1,
        "myapp.tenant": "blue",
        "myapp.timer": object(),
        "REMOTE_USER": "ann",
        "AUTH_TYPE": "Basic",
        "SSL_CLIENT_CERT": "…",
        "HTTP_TRACEPARENT": "00-1-2-01",
        "HTTP_X_REQUEST_ID": "1",
        "HTTP_X_REQUEST_START": "t=1",
        "HTTP_X_B3_TRACEID": "1",
        "HTTP_X_DATADOG_TRACE_ID": "1",
        "HTTP_X_OT_SPAN_CONTEXT": "1",
        "HTTP_X_TRACE_ID": "1",
        "HTTP_UBER_TRACE_ID": "1:2:0:1",
        "HTTP_ELASTIC_APM_TRACEPARENT": "00-1-2-01",
        "HTTP_NEWRELIC": "e30=",
        "HTTP_REQUEST_ID": "|1.2.",
        "HTTP_CF_RAY": "1-FRA",
        "HTTP_EARLY_DATA": "1",
        "HTTP_X_TENANT": "blue",
    }
    browser = Browser(app, ENVIRON_KEYS=["myapp.tenant"])
    socket = browser.open_socket({"do": lambda data: sorted(request.environ)}, **handshake)

    keys = socket.say("do")["body"]

    assert {one for one in handshake if one in keys} == {
        "myapp.tenant",
        "REMOTE_USER",
        "AUTH_TYPE",
        "HTTP_X_TENANT",
    }


def test_request_of_a_call_has_the_same(app):
    """A call's environ has the same keys as a handler's."""
    app.add_url_rule("/tenant", "tenant", lambda: request.environ.get("myapp.tenant", "none"))
    handshake = {"myapp.tenant": "blue"}

    named = Browser(app, ENVIRON_KEYS=["myapp.tenant"]).open_socket(**handshake).call("/tenant")
    other = Browser(app).open_socket(**handshake).call("/tenant")

    assert (named["body"], other["body"]) == ("blue", "none")


@pytest.mark.parametrize(
    ("content_type", "count"),
    [
        ("application/x-www-form-urlencoded", 7),
        ("Application/X-WWW-Form-URLEncoded; charset=utf-8", 7),
        ("application/json", 3),
        ("", 3),
    ],
)
def test_what_a_view_decodes_counts_by_the_type_of_the_body(content_type, count):
    """A view takes long for percent-encoded bytes and for fields, in the query and in a form; a
    client may write the form's type as it likes. JSON is read otherwise."""
    environ = {"QUERY_STRING": "a=%C3%A9&b="}
    call = Call("POST", "/", body=b"c=%C3%A9&d=&e=", content_type=content_type)

    assert parts_to_decode(environ, call) == count
