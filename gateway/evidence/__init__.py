"""The evidence log as it runs: follows the facts, signs heads, publishes them, hands out proofs."""
