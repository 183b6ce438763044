"""One module for each family of faults: what it measures, its limits, and where they come from."""
