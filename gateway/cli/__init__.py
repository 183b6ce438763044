"""The command line, ``campus``."""
