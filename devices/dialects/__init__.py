"""One file a dialect; ``DIALECTS`` is the table that the configuration names them by."""
