"""Work orders in the running gateway: opened for faults that stay, closed by verifications."""
