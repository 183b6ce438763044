"""Maintenance: announced by people, begun and ended in time, and what it has hidden."""
