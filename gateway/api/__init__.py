"""The HTTP interface: resources, live stream, health and metrics."""
