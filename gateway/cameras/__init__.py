"""How cameras are, as the gateway knows them: what their probe said last, and orders to it."""
