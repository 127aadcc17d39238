"""One live WebSocket, and what watches over it."""
