"""The app's answers to messages: runs handlers, routes and hooks for the clients of sockets."""
