"""What the app answers to the messages of one socket."""
