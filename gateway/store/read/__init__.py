"""Reading queries: each gives a function of a connection, for `Store.read`."""
