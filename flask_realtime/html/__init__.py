"""Renders pieces of pages: fragments and blocks."""
