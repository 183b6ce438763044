"""The receivers of the outbox: over HTTP, over MQTT."""
