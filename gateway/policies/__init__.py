"""Policies as a bureau writes them: the files read, their tests, and what they are checked for."""
