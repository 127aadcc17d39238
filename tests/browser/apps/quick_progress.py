"""examples/progress with jobs of one second in place of ten."""

import job

job.PARTS = 2

from app import app  # noqa: E402, F401 - whose jobs shall have so many parts from the start
