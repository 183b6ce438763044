"""Import of regions, schools, places and devices: read files, plan, show, apply."""
