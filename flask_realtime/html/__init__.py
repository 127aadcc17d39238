"""Pieces of a page, rendered."""
