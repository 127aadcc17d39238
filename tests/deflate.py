"""Messages as browsers deflate them (RFC 7692)."""

import zlib


def deflated(data):
    """The payload of a frame that carries *data*: without the four bytes that are not sent."""
    compressor = zlib.compressobj(9, zlib.DEFLATED, -15)
    return (compressor.compress(data) + compressor.flush(zlib.Z_SYNC_FLUSH))[:-4]
