"""Faults at random, and the proof that nothing was lost: ``python -m tests.faults.chaos``."""
