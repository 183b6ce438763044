"""Attestations: what people state is met, who confirms it, and who is reminded before it ends."""
