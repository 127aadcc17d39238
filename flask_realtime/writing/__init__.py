"""From a message to bytes in the kernel, without waiting."""
