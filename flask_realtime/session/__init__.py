"""Cookies and sessions that a socket changed, until the browser has them."""
