"""The readings of the past: curves and roll-ups."""
