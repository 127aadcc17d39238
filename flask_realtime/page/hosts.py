"""Hosts and subdomains: adds the library's routes to each of them that an app answers."""

from __future__ import annotations

from typing import Any

from flask import Flask, current_app, request
from werkzeug.routing import BaseConverter

_PLACE = "realtime_place"


class _AnyPlace(BaseConverter):
    """A host, or a subdomain, which may be the empty one."""

    regex = "[^/]*"
    part_isolating = True


def everywhere(app: Flask) -> dict[str, Any]:
    """Return the options of a URL rule that fits every host, or every subdomain, of *app*."""
    app.url_map.converters[_PLACE] = _AnyPlace
    place = f"<{_PLACE}:{_PLACE}>"
    if app.url_map.host_matching:
        return {"host": place}
    return {"subdomain": place} if app.subdomain_matching else {}


def keep_places_from_views(app: Flask) -> None:
    """Call the views of such rules without the host, which ``url_for`` fills in by itself."""
    if not everywhere(app):
        return

    def take_out(endpoint: str | None, values: dict[str, Any] | None) -> None:
        if values is not None:
            values.pop(_PLACE, None)

    def put_in(endpoint: str, values: dict[str, Any]) -> None:
        if app.url_map.is_endpoint_expecting(endpoint, _PLACE):
            values.setdefault(_PLACE, _present_place())

    app.url_value_preprocessor(take_out)
    app.url_defaults(put_in)


def _present_place() -> str:
    adapter = current_app.create_url_adapter(request if request else None)
    if adapter is None:
        return ""
    return adapter.server_name if adapter.map.host_matching else adapter.subdomain or ""
