"""What a page gets: its connection id on ``<body>``, and the script that opens its socket."""

from __future__ import annotations

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
from .client import IS_SUBSCRIBED_IN_ENVIRON, current_client, present_identity
from .hosts import everywhere
from .script import DEBUG_ENTRY, ENTRIES, ENTRY, client_script
from .stamping import HAS_ID_IN_ENVIRON, SCRIPT_IN_ENVIRON, SUBSCRIBED, Stamping
from .withheld import is_session_withheld

STATIC_ENDPOINT = "realtime.static"
STATIC_PATH = "/static/<any({}):entry>".format(", ".join(f'"{entry}"' for entry in ENTRIES))
# What the client takes for REALTIME_URL_PREFIX where its tag does not say.
_USUAL_URL_PREFIX = "/_realtime"


class Page:
    """Gives the rendered pages of one app what they need to open their sockets."""

    def __init__(self, config: Config) -> None:
        self._config = config

    def init_app(self, app: Flask) -> None:
        """Stamp the app's pages, give its templates their helpers, serve the script."""
        path = self._config.url_prefix + STATIC_PATH
        app.add_url_rule(path, STATIC_ENDPOINT, _send_script, **everywhere(app))
        app.add_template_global(self.script, "realtime_script")
        app.add_template_global(self.connection_id, "realtime_connection_id")
        if not self._config.enabled:
            return
        Stamping(self._config).init_app(app)

    def script(self, nonce: str | None = None) -> Markup:
        """The tag that loads the JavaScript client; the empty text where ``ENABLED`` is False.

        While the app is in debug mode another tag stands before it, whose script says in the
        browser's console what the page's scripts miss.

        :param nonce: of the page's Content-Security-Policy.
        :raises NoContext: outside of a request, which alone knows the app's prefix.
        """
        if not self._config.enabled:
            return Markup("")
        if not has_request_context():
            raise NoContext(
                "realtime_script() writes URLs under the prefix at which the app is mounted, which "
                "only a request knows: render the template in a view, or in test_request_context."
            )
        # Run behind the page's HTML, in the order in which it stands among the page's modules.
        tag = Markup('{}<script defer src="{}" data-path="{}" data-prefix="{}"{}{}{}{}></script>')
        # So that the client can tell a page whose subscriptions have expired from one without any.
        is_subscribed = (
            IS_SUBSCRIBED_IN_ENVIRON in request.environ or present_identity() is not None
        )
        request.environ[SCRIPT_IN_ENVIRON] = is_subscribed
        nonced = Markup(' nonce="{}"').format(nonce) if nonce else ""
        return tag.format(
            # Run at once: scripts that use the client before it is there are told so.
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
        """The connection id of the page being rendered, for forms and request headers.

        The page is kept from caches then, stamped or not, since its id is its own. The empty text
        where ``ENABLED`` is False, and where another site had the browser send this request without
        its session cookie: no session is begun then, and our client asks for the page's id. In a
        streamed page its first use must come before the stream.

        :raises NoContext: outside of a request.
        """
        if not self._config.enabled:
            return ""
        if not has_request_context():
            raise NoContext(
                "realtime_connection_id() names the page that the current request renders, and "
                "there is no request here."
            )
        request.environ[HAS_ID_IN_ENVIRON] = True
        if is_session_withheld():
            return ""
        # At once: the headers of a streamed page are sent before the whole of it is rendered.
        client = current_client()
        client.keep_socket_key()
        return client.connection_id(reads_body=False)


def _address(entry: str) -> str:
    return url_for(STATIC_ENDPOINT, entry=entry, v=client_script().version)


def _send_script(entry: str) -> Response:
    script = client_script(entry)
    is_gzipped = request.accept_encodings["gzip"] > 0
    body = script.gzipped if is_gzipped else script.plain
    # Not as the system's table of types has it: Windows may know .js as text/plain, which no
    # browser runs as a module.
    response = current_app.response_class(body, mimetype="text/javascript")
    response.vary.add("Accept-Encoding")
    if is_gzipped:
        response.headers["Content-Encoding"] = "gzip"
    response.set_etag(f"{entry}-{script.version}-{'gzip' if is_gzipped else 'plain'}")
    # Private: a response of the app's may carry a session's cookie, whatever it is for.
    response.headers["Cache-Control"] = (
        "private, max-age=31536000, immutable"
        if request.args.get("v") == script.version
        else "private, no-cache"
    )
    response.make_conditional(request)
    return response
