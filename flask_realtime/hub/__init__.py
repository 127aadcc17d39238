"""This process's channels: who listens, in order, without a hole, each message once."""
