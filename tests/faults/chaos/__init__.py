"""Breaks things at random, and checks that nothing was lost.

``python -m tests.faults.chaos`` is the command.
"""
