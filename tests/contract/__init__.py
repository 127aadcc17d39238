"""What every registry promises, tested with each registry."""
