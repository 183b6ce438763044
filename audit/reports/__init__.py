"""What leaves the system as files: tables of typed columns, and what reports say."""
