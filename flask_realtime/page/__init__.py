"""The rendered page and its client: id, stamp, script, hosts, CSRF."""
