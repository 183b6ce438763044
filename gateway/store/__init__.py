"""What is kept: the schema, the one writer, the readers."""
