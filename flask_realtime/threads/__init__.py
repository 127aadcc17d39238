"""Threads (greenlets, where patched): what starts, wakes and pauses them."""
