"""Recorders of GB/T 28181: who is registered here, and what they tell of their channels."""
