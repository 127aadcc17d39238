"""The registry of a single process."""
