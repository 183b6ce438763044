"""Peers that benchmarks compare with: a C subscriber that only counts, and Node-RED."""
