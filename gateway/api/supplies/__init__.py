"""What leaves as files: one module for each part of the gateway that supplies tables."""
