"""The police links at work: forwarding alarms, watching the links, testing them."""
