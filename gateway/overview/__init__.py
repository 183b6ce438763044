"""The overview: how each school stands, from memory."""
