"""The roster of schools and their baselines: how they come in, change, and are signed."""
