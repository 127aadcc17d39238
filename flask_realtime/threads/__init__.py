"""Threads (greenlets, if gevent has patched them): starts, wakes and pauses them."""
