"""Measures what this library costs, beside what one would use instead: ``python -m benchmarks``."""
