"""The way of a message: judged in one sequence, committed, acknowledged, told."""
