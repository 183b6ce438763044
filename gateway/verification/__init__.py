"""Verifications in the running gateway: who tests what, step by step, and what is kept of it."""
