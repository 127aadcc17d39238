"""Push JSON from Flask views to browsers over WebSockets, and call routes from there."""
