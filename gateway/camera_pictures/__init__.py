"""Pictures that probes took of what cameras see: they show children, and are kept accordingly."""
