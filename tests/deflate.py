"""Compresses messages as browsers do (permessage-deflate, RFC 7692)."""

import zlib


def deflated(data):
    """Return *data* as the payload of a compressed frame, without the four bytes that RFC 7692
    leaves out."""
    compressor = zlib.compressobj(9, zlib.DEFLATED, -15)
    return (compressor.compress(data) + compressor.flush(zlib.Z_SYNC_FLUSH))[:-4]
