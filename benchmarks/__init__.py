"""Speed and quality, measured; runnable by anyone with ``make bench``."""
