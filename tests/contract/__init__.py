"""What every registry promises, tried on each."""
