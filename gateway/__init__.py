"""How it runs: ingest, store, history, api, web, cli, security, the clock."""
