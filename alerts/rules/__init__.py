"""One file a rule; ``RULES`` is the table that the kinds' files name them by."""
