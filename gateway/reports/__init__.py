"""The report of an emergency to those above, filled in with what the gateway knows of it."""
