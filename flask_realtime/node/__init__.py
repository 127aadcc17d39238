"""One process of one app: admits sockets, receives their messages, resumes them."""
