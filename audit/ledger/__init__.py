"""The ledger of faults and hazards: what was found, who mends it until when, and what proves it."""
