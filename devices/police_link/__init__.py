"""The way from an alarm to the police: what is sent, over which path, and what came back."""
