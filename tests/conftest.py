"""What all tests share."""

from __future__ import annotations

from hypothesis import settings

# How long an example takes says something of the machine, and nothing of what is tested.
settings.register_profile("campus", deadline=None)
settings.load_profile("campus")
