"""Gives a page its connection id on ``<body>``, and the script that opens its socket."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import (
    Flask,
    Response,
    current_app,
    has_request_context,
    request,
    url_for,
)
from markupsafe import Markup

from ..config.settings import Config
from ..errors import NoContext
from ..request_hooks import IS_FOR_PARTS
from .advice import IS_REACHED_IN_ENVIRON
from .client import (
    HAS_ID_IN_ENVIRON,
    IS_SUBSCRIBED_IN_ENVIRON,
    current_client,
    present_identity,
)
from .client_scripts import DEBUG_ENTRY, ENTRIES, ENTRY, client_script
from .hosts import everywhere
from .requesting_page import ALLOWED_ORIGINS
from .script_response import script_response
from .stamping import SCRIPT_IN_ENVIRON, SUBSCRIBED, Stamping
from .withheld import is_session_withheld

STATIC_ENDPOINT = "realtime.static"
STATIC_PATH = "/static/<any({}):entry>".format(", ".join(f'"{entry}"' for entry in ENTRIES))
# The REALTIME_URL_PREFIX that the client assumes if its tag names none.
_USUAL_URL_PREFIX = "/_realtime"


class _TemplateFunction:
    """A function for templates; one that is written without parentheses is an error.

    As for any other function, the page would show the text ``<bound method …>`` in place of what
    the function returns.
    """

    def __init__(self, name: str, function: Callable[..., str]) -> None:
        self._name = name
        self._function = function

    def __call__(self, *args: Any, **kwargs: Any) -> str:
        return self._function(*args, **kwargs)

    def __str__(self) -> str:
        raise TypeError(
            f"{self._name} is written without parentheses: write {{{{ {self._name}() }}}}."
        )

    __html__ = __str__


class Page:
    """Gives the rendered pages of one app what they need to open their sockets."""

    def __init__(self, config: Config) -> None:
        self._config = config

    def init_app(self, app: Flask) -> None:
        """Stamp the app's pages, give its templates their helpers, serve the script."""
        path = self._config.url_prefix + STATIC_PATH
        app.add_url_rule(path, STATIC_ENDPOINT, _send_script, **everywhere(app))
        for name, function in (
            ("realtime_script", self.script),
            ("realtime_connection_id", self.connection_id),
        ):
            app.add_template_global(_TemplateFunction(name, function), name)
        app.extensions[ALLOWED_ORIGINS] = self._config.allowed_origins
        if not self._config.enabled:
            return
        Stamping(self._config).init_app(app)

    def script(self, nonce: str | None = None) -> Markup:
        """Return the tag that loads the JavaScript client; empty if ``REALTIME_ENABLED`` is False.

        In debug mode another tag stands before it, whose script tells the browser's console what
        the page's scripts miss.

        :param nonce: the nonce of the page's Content-Security-Policy; None: it has none.
        :raises NoContext: outside of a request, because only a request knows the app's prefix.
        """
        if not self._config.enabled:
            return Markup("")
        if not has_request_context():
            raise NoContext(
                "realtime_script() writes URLs under the prefix at which the app is mounted, which "
                "only a request knows: render the template in a view, or in test_request_context."
            )
        # Deferred: runs after the page's HTML is parsed, in order with the page's module scripts.
        tag = Markup('{}<script defer src="{}" data-path="{}" data-prefix="{}"{}{}{}{}></script>')
        # Tells the client a page whose subscriptions have expired from a page without any.
        is_subscribed = (
            IS_SUBSCRIBED_IN_ENVIRON in request.environ or present_identity() is not None
        )
        request.environ[SCRIPT_IN_ENVIRON] = is_subscribed
        nonced = Markup(' nonce="{}"').format(nonce) if nonce else ""
        return tag.format(
            # Not deferred: it tells scripts that use the client before the client is there.
            Markup('<script src="{}"{}></script>').format(_address(DEBUG_ENTRY), nonced)
            if current_app.debug
            else "",
            _address(ENTRY),
            self._config.path,
            request.script_root,
            Markup(SUBSCRIBED) if is_subscribed else "",
            # A page that answers a POST must not be reloaded: that would repeat the POST.
            ""
            if request.method in ("GET", "HEAD")
            else Markup(' data-method="{}"').format(request.method),
            ""
            if self._config.url_prefix == _USUAL_URL_PREFIX
            else Markup(' data-url-prefix="{}"').format(self._config.url_prefix),
            nonced,
        )

    def connection_id(self) -> str:
        """Return the connection id of the page being rendered, for forms and request headers.

        Caches are told not to keep the page. The id is empty if ``REALTIME_ENABLED`` is False, and
        if another site made the browser send this request without its session cookie: no session
        is begun then, and the JavaScript client asks for an id later. In a streamed page call this
        before the stream begins.

        :raises NoContext: outside of a request.
        """
        if not self._config.enabled:
            return ""
        if not has_request_context():
            raise NoContext(
                "realtime_connection_id() names the page that the current request renders, and "
                "there is no request here."
            )
        if is_session_withheld():
            request.environ[HAS_ID_IN_ENVIRON] = True
            return ""
        client = current_client()
        connection_id = client.id_to_write()
        if IS_FOR_PARTS not in request.environ:
            # Noted now: the headers of a streamed page are sent before all of it is rendered.
            client.keep_socket_key()
        request.environ[HAS_ID_IN_ENVIRON] = True
        return connection_id


def _address(entry: str) -> str:
    return url_for(STATIC_ENDPOINT, entry=entry, v=client_script().version)


def _send_script(entry: str) -> Response:
    request.environ[IS_REACHED_IN_ENVIRON] = True
    script = client_script(entry)
    is_gzipped = request.accept_encodings["gzip"] > 0
    kind = script_response(current_app.response_class)  # type: ignore[arg-type]
    response = kind(script, is_gzipped)
    response.vary.add("Accept-Encoding")
    response.set_etag(f"{entry}-{script.version}-{'gzip' if is_gzipped else 'plain'}")
    # Private, because the app may set a session's cookie on any response.
    response.headers["Cache-Control"] = (
        "private, max-age=31536000, immutable"
        if request.args.get("v") == script.version
        else "private, no-cache"
    )
    response.make_conditional(request)
    return response
