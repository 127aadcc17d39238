"""From a WSGI request to a WebSocket that is read."""
