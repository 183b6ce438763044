"""What recorders really hold: asked of them, kept as intervals, and judged day by day."""
