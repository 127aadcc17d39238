"""Finds the file that a response sends, where Werkzeug or gunicorn keeps it."""

from __future__ import annotations

from io import BytesIO

from flask import Response

_PART = 206


def is_streamed(response: Response) -> bool:
    """Return whether the body of a response cannot be read before the response is sent.

    This holds for a body that the view has passed through, and for any body that the app's class of
    responses keeps Werkzeug from reading, even if the size of the body is known.
    """
    is_read = response.implicit_sequence_conversion and not response.direct_passthrough
    return bool(response.is_streamed or not (is_read or response.is_sequence))


def is_sent_file(response: Response) -> bool:
    """Return whether the body of a response that is passed through is a file, or a part of one.

    A view may pass a stream of its own through, too.
    """
    # Werkzeug hides the file if a part of it is sent.
    return hasattr(_file_of(response), "read") or response.status_code == _PART


def bytes_in_memory(response: Response) -> bytes | None:
    """Return what a sent file holds; None if it is not in memory, as one on the disk is not."""
    file = _file_of(response)
    return file.getvalue() if isinstance(file, BytesIO) and not file.closed else None


def _file_of(response: Response) -> object:
    """Return the file that the body of a response wraps, or the body itself."""
    body = response.response
    # These are the attributes of Werkzeug's FileWrapper, and of gunicorn's.
    return getattr(body, "file", getattr(body, "filelike", body))
