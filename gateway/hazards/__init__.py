"""The hazard ledger of the running gateway, and its rectification notices."""
