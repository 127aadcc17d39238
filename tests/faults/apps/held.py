"""What of a process's memory is held, and not only kept for later by its allocators."""

import ctypes
import sys
import xml.etree.ElementTree as ElementTree


def by_malloc():
    """Bytes that the C library's malloc has given out; None where it is not glibc's.

    What a process took from its system says less: glibc keeps what is given back to it in up to
    eight arenas a core, where the gaps between what is still held are filled slowly.
    """
    libc = ctypes.CDLL(None)
    if not hasattr(libc, "malloc_info"):
        return None
    libc.open_memstream.restype = ctypes.c_void_p
    text, size = ctypes.c_char_p(), ctypes.c_size_t()
    stream = ctypes.c_void_p(libc.open_memstream(ctypes.byref(text), ctypes.byref(size)))
    libc.malloc_info(0, stream)
    libc.fclose(stream)
    totals = ElementTree.fromstring(text.value)
    libc.free(text)
    # Behind the heaps, what all of them have together.
    taken = sum(int(one.get("size")) for one in totals.findall("system[@type='current']"))
    total = {one.get("type"): int(one.get("size")) for one in totals.findall("total")}
    return taken + total["mmap"] - total["fast"] - total["rest"]


def by_python():
    """How many blocks Python's own allocator has given out."""
    return sys.getallocatedblocks()
