"""Gate cameras and the police's video platform: what is measured of the link, and what is not."""
