"""What goes over the wire, as pydantic models: the one source of the OpenAPI document."""
