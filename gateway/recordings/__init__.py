"""Recordings: asks recorders what they hold, keeps it, judges it, and tells what is lacking."""
