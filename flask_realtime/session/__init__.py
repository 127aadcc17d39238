"""Cookies and sessions that messages of a socket change, until the browser has the changes."""
