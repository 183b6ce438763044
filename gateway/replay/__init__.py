"""Stored readings through today's or changed rules, held against what was raised."""
