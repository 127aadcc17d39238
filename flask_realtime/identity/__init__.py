"""Keys, ids, digests and origins: who a client is."""
