"""From the broker's sessions to batches of raw messages, acknowledged after commit."""
