"""How much memory a process holds, without what its allocators keep for later."""

import ctypes
import sys
import xml.etree.ElementTree as ElementTree


def by_malloc():
    """Return how many bytes the C library's malloc has given out; None if it is not glibc's.

    The memory that a process took from its system says less: glibc keeps what is freed in up to
    eight arenas a core, and fills the gaps between what is still held slowly.
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
    # The totals stand after the list of heaps.
    taken = sum(int(one.get("size")) for one in totals.findall("system[@type='current']"))
    total = {one.get("type"): int(one.get("size")) for one in totals.findall("total")}
    return taken + total["mmap"] - total["fast"] - total["rest"]


def by_python():
    """Return how many blocks Python's own allocator has given out."""
    return sys.getallocatedblocks()
