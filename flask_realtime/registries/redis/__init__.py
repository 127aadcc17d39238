"""The registry in Redis, across processes."""
