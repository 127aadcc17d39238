"""Runs code as nobody: with a request and a session that belong to no visitor.

HTML that all pages get must hold nothing of the visitor whose request happened to cause it. The app
context stays the same object, because extensions such as Flask-SQLAlchemy find their open
transaction by it. Its ``g``, request and session are replaced, and put back at the end. No context
is pushed or popped, so no teardown function and no signal runs.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain
from typing import Any, NoReturn

from flask import Flask, Request, has_request_context, request
from flask.sessions import SessionMixin
from werkzeug.exceptions import HTTPException
from werkzeug.routing import MapAdapter

from ..errors import WrittenByNobody
from ..flask_contexts import IS_ONE, REQUEST_CONTEXT, app_context
from ..request_hooks import request_hooks

_MERGED = ("g", "url_adapter", "_request", "_session", "_flashes", "_after_request_functions")


class NobodysSession(dict[str, Any], SessionMixin):
    """An empty session that can be read, and whose writing raises :exc:`WrittenByNobody`."""

    def __init__(self, what: str) -> None:
        super().__init__()
        self._what = what

    def _refuse(self, *_args: Any, **_kwargs: Any) -> NoReturn:
        raise WrittenByNobody(self._what)

    __setitem__ = setdefault = update = __ior__ = _refuse


class _NoHost(MapAdapter):
    """Builds paths, but no URLs with a host, if neither a request nor a setting names the host."""

    def build(self, *args: Any, **kwargs: Any) -> str:
        if kwargs.get("force_external") or kwargs.get("url_scheme"):
            raise RuntimeError(
                "url_for(…, _external=True) needs a host, and there is neither a request here "
                "nor a SERVER_NAME in the app's config: set SERVER_NAME."
            )
        return super().build(*args, **kwargs)


@contextmanager
def as_nobody(app: Flask, what: str) -> Iterator[None]:
    """Have the code inside see a request without cookies, an empty session, and an empty ``g``.

    The request is a GET with the path, host, scheme and prefix of the current request; if the app
    has a ``SERVER_NAME``, that is the host. The app's ``url_value_preprocessor`` functions run.

    :param app: the app of the current app context.
    :param what: what runs, as the error names it: ``"The template '_row.html'"``.
    :raises WrittenByNobody: from inside, if the session is written.
    """
    context = app_context()
    has_host = has_request_context() or bool(app.config["SERVER_NAME"])
    nobody = app.request_class(_environ(app))
    nobody.json_module = app.json
    session = NobodysSession(what)
    if IS_ONE:
        with _swapped(context, _MERGED):
            context.g = app.app_ctx_globals_class()
            context._request, context._session = nobody, session
            context._flashes, context._after_request_functions = None, []
            _route(app, context, nobody, has_host)
            yield
        return
    request_context: Any = sys.modules["flask.ctx"].RequestContext(app, {}, nobody, session)
    token = REQUEST_CONTEXT.set(request_context)
    try:
        with _swapped(context, ("g",)):
            context.g = app.app_ctx_globals_class()
            _route(app, request_context, nobody, has_host)
            yield
    finally:
        REQUEST_CONTEXT.reset(token)


@contextmanager
def _swapped(context: Any, names: tuple[str, ...]) -> Iterator[None]:
    before = {name: getattr(context, name) for name in names}
    try:
        yield
    finally:
        for name, value in before.items():
            setattr(context, name, value)


def _route(app: Flask, context: Any, nobody: Request, has_host: bool) -> None:
    """Match the request, as Flask does when a context is pushed."""
    try:
        context.url_adapter = app.create_url_adapter(nobody)
    except HTTPException as error:
        nobody.routing_exception = error
        return
    context.match_request()
    own = request_hooks(app)
    for name in chain((None,), reversed(nobody.blueprints)):
        for function in app.url_value_preprocessors.get(name, ()):
            # This request is none that has come.
            if not own.includes(function):
                function(nobody.endpoint, nobody.view_args)
    if not has_host:
        adapter = _NoHost.__new__(_NoHost)
        vars(adapter).update(vars(context.url_adapter))
        context.url_adapter = adapter


def _environ(app: Flask) -> dict[str, Any]:
    name = app.config["SERVER_NAME"]
    environ: dict[str, Any] = {
        "REQUEST_METHOD": "GET",
        "SCRIPT_NAME": app.config["APPLICATION_ROOT"].rstrip("/"),
        "PATH_INFO": "/",
        "HTTP_HOST": name or "localhost",
        "SERVER_NAME": name or "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": app.config["PREFERRED_URL_SCHEME"],
        "wsgi.input": io.BytesIO(),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    if has_request_context():
        present = request.environ
        environ["SCRIPT_NAME"] = present.get("SCRIPT_NAME", "")
        environ["PATH_INFO"] = present.get("PATH_INFO", "")
        environ["wsgi.url_scheme"] = request.scheme
        environ["SERVER_PORT"] = present.get("SERVER_PORT", "80")
        # The host or subdomain may choose the route; the app has checked it then.
        is_part_of_route = app.subdomain_matching or app.url_map.host_matching
        if is_part_of_route or not name:
            environ["HTTP_HOST"] = request.host
    return environ
