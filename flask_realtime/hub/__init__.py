"""The channels of this process: who listens, and what each listener has yet to get."""
