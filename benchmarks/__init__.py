"""What this library costs, against what a user would take instead: ``python -m benchmarks``."""
